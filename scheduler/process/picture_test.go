package process

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/workloads"
)

func beliefs() []*profile.Belief {
	return []*profile.Belief{policytest.Belief(true, policytest.Front()[:2]...)}
}

// someView shows two queries, one of them probed, a worker that idles and one that runs.
func someView() *scheduler.View {
	v := scheduler.NewView(beliefs(), func(ref scheduler.QueryRef, point int) (float64, bool) { return 0.5, ref == 8 && point == 1 })
	v.Now, v.Arrived, v.Stealing = 1000, 9, true
	v.Workers = []scheduler.Worker{{Point: -1, Slowdown: 1}, {Busy: true, Running: 3, Point: 1, StartedAt: 900, Samples: 2, Slowdown: 1.25}}
	v.Waiting = []scheduler.Waiting{
		{Ref: 7, Class: 1, ArriveAt: 990, Deadline: 5990, Accuracy: 0.85, Left: 4, ProbedOn: -1, Queue: 2},
		{Ref: 8, ArriveAt: 995, Deadline: 5995, Accuracy: 0.1, Left: 1, Probed: true},
	}
	return v
}

// TestRequest: the line of a decision, as the documentation has it.
func TestRequest(t *testing.T) {
	v, p := someView(), picture{quantiles: []float64{0.5, 0.99}}
	p.finish(&scheduler.Completion{Class: 1, Worker: 1, Point: 1, ArriveAt: 2, StartAt: 3, FinishAt: 4, Deadline: 5, Samples: 6})
	p.finish(&scheduler.Completion{Correct: true, HasCorrect: true})
	const head = `{"seq":1,"now":1000,"arrived":9,"queued":2,"stealing":true,"waiting":[` +
		`{"ref":7,"class":1,"model":0,"arrive_at":990,"deadline":5990,"accuracy":0.85,"left":4,"queue":2,"probed":false,"probed_on":-1},` +
		`{"ref":8,"class":0,"model":0,"arrive_at":995,"deadline":5995,"accuracy":0.1,"left":1,"queue":0,"probed":true,"probed_on":0,"confidence":[null,0.5]}],` +
		`"workers":[{"busy":false,"probing":false,"running":null,"point":-1,"started_at":0,"samples":0,"slowdown":1},` +
		`{"busy":true,"probing":false,"running":3,"point":1,"started_at":900,"samples":2,"slowdown":1.25}],"tables":[`
	const tail = `],"finished":[{"class":1,"model":0,"worker":1,"point":1,"arrive_at":2,"start_at":3,"finish_at":4,"deadline":5,"samples":6,"correct":null},` +
		`{"class":0,"model":0,"worker":0,"point":0,"arrive_at":0,"start_at":0,"finish_at":0,"deadline":0,"samples":0,"correct":true}]}` + "\n"
	table := func(w int) string {
		return fmt.Sprintf(`{"worker":%d,"model":0,"mean":[%d,%d],"quantiles":[[%d,%d],[%d,%d]]}`, w, v.Mean(w, 0, 0), v.Mean(w, 0, 1),
			v.Quantile(w, 0, 0, 0.5), v.Quantile(w, 0, 0, 0.99), v.Quantile(w, 0, 1, 0.5), v.Quantile(w, 0, 1, 0.99))
	}
	if got, want := string(p.request(v)), head+table(0)+","+table(1)+tail; got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	if got := string(p.request(v)); !strings.Contains(got, `"seq":2,`) || !strings.HasSuffix(got, `"tables":[],"finished":[]}`+"\n") {
		t.Errorf("want nothing told twice, got %s", got)
	}
	v.Workers[1].Correction = 2
	if got := string(p.request(v)); !strings.Contains(got, `"tables":[`+table(1)+`]`) {
		t.Errorf("want the table of the corrected worker alone, got %s", got)
	}
	p.most = 1
	if got := string(p.request(v)); !strings.Contains(got, `"queued":2`) || strings.Contains(got, `"ref":8`) {
		t.Errorf("want one of two queries shown, got %s", got)
	}
	if n := testing.AllocsPerRun(100, func() { p.request(v) }); n != 0 {
		t.Errorf("want no allocation in a request, got %v", n)
	}
}

// TestAnswers: a question is answered as the view answers in Go.
func TestAnswers(t *testing.T) {
	v, p := someView(), picture{seq: 5}
	var ask [][]json.RawMessage
	const questions = `[["mean",1,0,1],["quantile",1,0,1,0.9],["within",1,0,1,3e5],["batch_mean",0,0,1,4],
		["batch_quantile",0,0,1,4,0.9],["confidence",8,1],["confidence",7,1],["confidence",99,0]]`
	if err := json.Unmarshal([]byte(questions), &ask); err != nil {
		t.Fatal(err)
	}
	got, err := p.answers(v, ask)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"seq":5,"answers":[%d,%d,%v,%d,%d,0.5,null,null]}`+"\n", v.Mean(1, 0, 1), v.Quantile(1, 0, 1, 0.9),
		v.Within(1, 0, 1, 300*time.Microsecond), v.BatchMean(0, 0, 1, 4), v.BatchQuantile(0, 0, 1, 4, 0.9))
	if string(got) != want {
		t.Errorf("want %s, got %s", want, got)
	}
}

// TestGreeting: the first line, as the documentation has it.
func TestGreeting(t *testing.T) {
	class := workloads.Class{Name: "all", Share: 1, Target: workloads.Target{Latency: 5000, Accuracy: 0.85}}
	class.Changes = []workloads.Change{{At: 9, Target: workloads.Target{Latency: 7, Accuracy: 0.5}}}
	models := beliefs()
	got, err := greeting(scheduler.Setting{Classes: []workloads.Class{class}, Models: models, Workers: 2}, map[string]any{"margin": 0.5, "b": "x"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"slosim":1,"hello":{"workers":2,"classes":[{"name":"all","share":1,"latency":5000,"accuracy":0.85,"changes":[{"at":9,"latency":7,"accuracy":0.5}]}],` +
		`"models":[{"has_confidence":true,"points":[` +
		fmt.Sprintf(`{"name":"10%%","density":0.1,"ops":0,"bytes":0,"cascade":false,"accuracy":0.7,"mean":%d},`, models[0].Mean(0, 1)) +
		fmt.Sprintf(`{"name":"30%%","density":0.3,"ops":0,"bytes":0,"cascade":false,"accuracy":0.8,"mean":%d}]}],`, models[0].Mean(1, 1)) +
		`"params":{"b":"x","margin":0.5}}}` + "\n"
	if string(got) != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
}

// TestOrders: each command of the documentation becomes what it says.
func TestOrders(t *testing.T) {
	p := &policy{}
	for line, want := range map[string]string{
		`{"do":"start","worker":0,"query":8,"point":1.0,"why":"fits"}`: "[{start 0 8 1 0 [] 0s fits}]",
		`{"do":"batch","worker":0,"queries":[[7,1],[8,0]]}`:            "[{start 0 7 1 0 [{7 1} {8 0}] 0s unstated}]",
		`{"do":"split","worker":0,"query":7,"point":0,"count":3}`:      "[{start 0 7 0 3 [] 0s unstated}]",
		`{"do":"probe","worker":0,"query":7}`:                          "[{probe 0 7 0 0 [] 0s probe}]",
		`{"do":"drop","query":8,"why":"late"}`:                         "[{drop 0 8 0 0 [] 0s late}]",
		`{"do":"wake","at":2e3}`:                                       "[{wake 0 0 0 0 [] 2µs unstated}]",
	} {
		r, err := parseReply([]byte(`{"commands":[`+line+`]}`), 1)
		if err != nil {
			t.Fatal(err)
		}
		v, plan := someView(), &scheduler.Plan{}
		v.Waiting[0].Queue = 0
		p.reasons, v.Now = map[string]scheduler.Reason{"fits": scheduler.Fits, "late": scheduler.Late}, 1000
		p.draft.Begin(v, plan)
		if err := p.take(r.Commands); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got := fmt.Sprint(plan.Commands()); got != want {
			t.Errorf("%s: want %s, got %s", line, want, got)
		}
	}
}

// TestSplit: a command becomes words, without a shell.
func TestSplit(t *testing.T) {
	for command, want := range map[string]string{
		"python3 my.py":               `["python3" "my.py"]`,
		"  a\tb  ":                    `["a" "b"]`,
		`"my program" --x='a "b"' ''`: `["my program" "--x=a \"b\"" ""]`,
		"a;b $HOME *":                 `["a;b" "$HOME" "*"]`,
	} {
		if got, err := split(command); err != nil || fmt.Sprintf("%q", got) != want {
			t.Errorf("%s: want %s, got %q, %v", command, want, got, err)
		}
	}
}
