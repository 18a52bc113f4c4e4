package scenarios

import (
	"encoding"
	"math"
	"reflect"
	"strings"
)

// The TOML library stops at the first value of a wrong type, matches keys whatever
// their case, and lets nan, inf and -1 into an unsigned number pass. So it only
// parses, into generic values, and this file puts them into the schema's structs.

// texted is a value that is written as a string of its own form.
type texted interface {
	encoding.TextUnmarshaler
	want() string
}

// generic is a value that may be written in more than one form.
type generic interface {
	setGeneric(v any) *Complaint
}

// decode puts a generic value into a field and notes what does not fit.
func (c *checker) decode(v any, into reflect.Value, path string) {
	c.given[path] = true
	if c.notFinite(v, path) {
		return
	}
	switch target := into.Addr().Interface().(type) {
	case generic:
		if complaint := target.setGeneric(v); complaint != nil {
			c.complain(path, []Complaint{*complaint})
		}
		return
	case texted:
		text, ok := v.(string)
		if !ok || target.UnmarshalText([]byte(text)) != nil {
			c.add(path, target.want(), show(v))
		}
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		c.decode(v, into.Elem(), path)
	case reflect.Struct:
		c.table(v, into, path)
	case reflect.Slice:
		c.list(v, into, path)
	case reflect.Map:
		c.open(v, into, path)
	default:
		c.plain(v, into, path)
	}
}

// table puts a table's values into the fields of their names.
func (c *checker) table(v any, into reflect.Value, path string) {
	table, ok := v.(map[string]any)
	if !ok {
		c.add(path, "a table, ["+path+"]", show(v))
		return
	}
	fields := fieldsOf(into)
	for _, key := range sortedKeys(table) {
		if field, ok := fields[key]; ok {
			c.decode(table[key], field, join(path, key))
			continue
		}
		c.add(join(path, key), "a known key", show(key)+didYouMean(key, keysOf(into)))
	}
}

// fieldsOf maps the keys of a schema struct to its fields.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		if key := keyOf(v, i); key != "" {
			fields[key] = v.Field(i)
		}
	}
	return fields
}

// keysOf lists the keys of a schema struct in the order of its fields.
func keysOf(v reflect.Value) []string {
	var keys []string
	for i := range v.NumField() {
		if key := keyOf(v, i); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// keyOf returns the key of a field; "" if a scenario cannot set it.
func keyOf(v reflect.Value, field int) string {
	key, _, _ := strings.Cut(v.Type().Field(field).Tag.Get("toml"), ",")
	if key == "-" {
		return ""
	}
	return key
}

// list puts a list's elements into a slice.
func (c *checker) list(v any, into reflect.Value, path string) {
	elements, ok := elementsOf(v)
	if !ok {
		want := "a list"
		if into.Type().Elem().Kind() == reflect.Struct {
			want = "a list of tables, [[" + path + "]]"
		}
		c.add(path, want, show(v))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(elements), len(elements)))
	for i, element := range elements {
		c.decode(element, into.Index(i), index(path, i))
	}
}

// elementsOf returns the elements of either kind of list that the library has.
func elementsOf(v any) ([]any, bool) {
	if tables, ok := v.([]map[string]any); ok {
		elements := make([]any, len(tables))
		for i := range tables {
			elements[i] = tables[i]
		}
		return elements, true
	}
	elements, ok := v.([]any)
	return elements, ok
}

// open keeps a table whose keys someone else knows.
func (c *checker) open(v any, into reflect.Value, path string) {
	table, ok := v.(map[string]any)
	if !ok {
		c.add(path, "a table", show(v))
		return
	}
	for _, key := range sortedKeys(table) {
		c.given[join(path, key)] = true
	}
	into.Set(reflect.ValueOf(table))
}

// plain puts a string, number or truth value into a field.
func (c *checker) plain(v any, into reflect.Value, path string) {
	switch into.Kind() {
	case reflect.String:
		if text, ok := v.(string); ok {
			into.SetString(text)
			return
		}
		c.add(path, "a string", show(v))
	case reflect.Bool:
		if truth, ok := v.(bool); ok {
			into.SetBool(truth)
			return
		}
		c.add(path, "true or false", show(v))
	case reflect.Int, reflect.Int64:
		if number, ok := v.(int64); ok && !into.OverflowInt(number) {
			into.SetInt(number)
			return
		}
		c.add(path, "a whole number", show(v))
	case reflect.Float64:
		switch number := v.(type) {
		case float64:
			into.SetFloat(number)
		case int64:
			into.SetFloat(float64(number))
		default:
			c.add(path, "a number", show(v))
		}
	default:
		panic("scenarios: no way to decode a " + into.Type().String())
	}
}

// notFinite notes nan and inf, in tables that others check too.
func (c *checker) notFinite(v any, path string) bool {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			c.add(path, "a finite number", show(v))
			return true
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			c.notFinite(v[key], join(path, key))
		}
	default:
		elements, _ := elementsOf(v)
		for i := range elements {
			c.notFinite(elements[i], index(path, i))
		}
	}
	return false
}
