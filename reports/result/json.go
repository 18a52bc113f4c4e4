package result

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Digits is the number of significant digits of every float in a result file.
const Digits = 6

// EncodeJSON writes v as indented JSON with a stable form: struct keys in the
// order of the fields, map keys sorted, floats with six significant digits,
// null for what is not finite, lists of plain values on one line. It knows the
// kinds that the result types use and panics on any other (a bug).
func EncodeJSON(w io.Writer, v any) error {
	e := &encoder{}
	e.value(reflect.ValueOf(v), 0)
	e.out.WriteByte('\n')
	_, err := w.Write(e.out.Bytes())
	return err
}

// FormatFloat returns a float as result files write it. It is for finite numbers.
func FormatFloat(f float64) string {
	if f == 0 { // no "-0"
		return "0"
	}
	return strconv.FormatFloat(f, 'g', Digits, 64)
}

type encoder struct{ out bytes.Buffer }

func (e *encoder) value(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			e.out.WriteString("null")
			return
		}
		e.value(v.Elem(), depth)
	case reflect.Struct:
		e.object(structMembers(v), depth)
	case reflect.Map:
		e.object(mapMembers(v), depth)
	case reflect.Slice:
		e.list(v, depth)
	default:
		e.plain(v)
	}
}

func (e *encoder) plain(v reflect.Value) {
	switch v.Kind() {
	case reflect.Float64:
		e.float(v.Float())
	case reflect.String:
		e.text(v.String())
	case reflect.Bool:
		e.out.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int32, reflect.Int64:
		e.out.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		e.out.WriteString(strconv.FormatUint(v.Uint(), 10))
	default:
		panic(fmt.Sprintf("result: no JSON form for %s", v.Type()))
	}
}

func (e *encoder) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		e.out.WriteString("null")
		return
	}
	e.out.WriteString(FormatFloat(f))
}

// text escapes <, > and & as encoding/json does: the JSON may stand in a page.
func (e *encoder) text(s string) {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("result: " + err.Error()) // strings always marshal
	}
	e.out.Write(quoted)
}

type member struct {
	name  string
	value reflect.Value
}

func structMembers(v reflect.Value) []member {
	var members []member
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported() && !field.Anonymous:
		case field.Anonymous && name == "":
			members = append(members, structMembers(v.Field(i))...)
		case options == "omitempty" && isEmpty(v.Field(i)):
		default:
			members = append(members, member{cmp.Or(name, field.Name), v.Field(i)})
		}
	}
	return members
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	}
	return v.IsZero()
}

func mapMembers(v reflect.Value) []member {
	var members []member
	for _, key := range v.MapKeys() {
		members = append(members, member{key.String(), v.MapIndex(key)})
	}
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	return members
}

func (e *encoder) object(members []member, depth int) {
	if len(members) == 0 {
		e.out.WriteString("{}")
		return
	}
	separator := "{"
	for _, m := range members {
		e.out.WriteString(separator)
		e.indent(depth + 1)
		e.text(m.name)
		e.out.WriteString(": ")
		e.value(m.value, depth+1)
		separator = ","
	}
	e.indent(depth)
	e.out.WriteByte('}')
}

func (e *encoder) list(v reflect.Value, depth int) {
	if v.Len() == 0 {
		e.out.WriteString("[]")
		return
	}
	plain := isPlain(v.Type().Elem().Kind())
	separator := "["
	for i := range v.Len() {
		e.out.WriteString(separator)
		if !plain {
			e.indent(depth + 1)
		}
		e.value(v.Index(i), depth+1)
		separator = ","
	}
	if !plain {
		e.indent(depth)
	}
	e.out.WriteByte(']')
}

func isPlain(k reflect.Kind) bool {
	return k != reflect.Struct && k != reflect.Map && k != reflect.Slice && k != reflect.Pointer && k != reflect.String
}

func (e *encoder) indent(depth int) {
	e.out.WriteByte('\n')
	for range depth {
		e.out.WriteByte(' ')
	}
}
