package reports
import ("testing";"os";"slosim/reports/result")
func TestDump(t *testing.T){ _,_,f,_:=fixtureRun(3); os.RemoveAll("/tmp/plots"); fo,err:=result.Create("/tmp/plots"); if err!=nil{t.Fatal(err)}; if err:=WritePlots(fo,&f);err!=nil{t.Fatal(err)}}
