package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"unicode"
)

type operation struct {
	Regexp *struct {
		Source string `json:"source"`
		Target string `json:"target"`
	} `json:"regexp"`
	Transform *struct {
		Template string `json:"template"`
	} `json:"transform"`
	Merge *merge `json:"merge"`
}

type merge struct {
	Into           string   `json:"into"`
	Priority       []string `json:"priority"`
	PriorityPolicy string   `json:"priorityPolicy"`
	ConflictPolicy string   `json:"conflictPolicy"`
	Strategy       string   `json:"strategy"`
}

type rewritten struct {
	// As base64, by their names.
	Values map[string]string `json:"values"`
	Error  string            `json:"error"`
}

// Applies operations to names and values as the operator does, with the packages that it uses.
func rewrite(operations []operation, encoded map[string]string) rewritten {
	values := map[string][]byte{}
	for name, value := range encoded {
		values[name], _ = base64.StdEncoding.DecodeString(value)
	}
	for _, one := range operations {
		next, err := one.apply(values)
		if err != nil {
			return rewritten{Error: err.Error()}
		}
		values = next
	}
	result := rewritten{Values: map[string]string{}}
	for name, value := range values {
		result.Values[name] = base64.StdEncoding.EncodeToString(value)
	}
	return result
}

func (one operation) apply(values map[string][]byte) (map[string][]byte, error) {
	switch {
	case one.Merge != nil:
		return one.Merge.apply(values)
	case one.Regexp != nil:
		expression, err := regexp.Compile(one.Regexp.Source)
		if err != nil {
			return nil, err
		}
		return renamed(values, func(name string) (string, error) {
			return expression.ReplaceAllString(name, one.Regexp.Target), nil
		})
	default:
		parsed, err := template.New("t").Funcs(functions()).Parse(one.Transform.Template)
		if err != nil {
			return nil, err
		}
		return renamed(values, func(name string) (string, error) {
			var text bytes.Buffer
			err := parsed.Execute(&text, map[string]string{"value": name})
			return text.String(), err
		})
	}
}

func renamed(values map[string][]byte, rename func(string) (string, error)) (map[string][]byte, error) {
	out := map[string][]byte{}
	for name, value := range values {
		next, err := rename(name)
		if err != nil {
			return nil, err
		}
		out[next] = value
	}
	return out, nil
}

func (m merge) apply(values map[string][]byte) (map[string][]byte, error) {
	var order []string
	for name := range values {
		if !slices.Contains(m.Priority, name) {
			order = append(order, name)
		}
	}
	sort.Strings(order)
	members := map[string]any{}
	conflicts := 0
	for _, name := range append(order, m.Priority...) {
		value, exists := values[name]
		if !exists && m.PriorityPolicy == "IgnoreNotFound" {
			continue
		}
		var object map[string]any
		if err := json.Unmarshal(value, &object); err != nil {
			return nil, err
		}
		for member, value := range object {
			if _, isThere := members[member]; isThere {
				conflicts++
			}
			members[member] = value
		}
	}
	if conflicts > 0 && m.ConflictPolicy != "Ignore" {
		return nil, fmt.Errorf("%d conflicts", conflicts)
	}
	out := map[string][]byte{}
	if m.Strategy == "JSON" {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.Encode(members)
		for name, value := range values {
			out[name] = value
		}
		out[m.Into] = bytes.TrimRight(text.Bytes(), "\n")
		return out, nil
	}
	for name, value := range members {
		out[name] = textOf(value)
	}
	return out, nil
}

func textOf(value any) []byte {
	switch one := value.(type) {
	case nil:
		return nil
	case string:
		return []byte(one)
	case float64:
		return strconv.AppendFloat(nil, one, 'f', -1, 64)
	default:
		text, _ := json.Marshal(one)
		return text
	}
}

// Makes a valid key of a name, by both strategies.
func convert(name string) map[string]string {
	var plain, coded strings.Builder
	for _, character := range name {
		if unicode.IsLetter(character) || unicode.IsNumber(character) || strings.ContainsRune("-._", character) {
			plain.WriteRune(character)
			coded.WriteRune(character)
		} else {
			plain.WriteString("_")
			fmt.Fprintf(&coded, "_U%04x_", character)
		}
	}
	return map[string]string{"Default": plain.String(), "Unicode": coded.String()}
}
