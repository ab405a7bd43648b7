// Renders templates with Go's text/template, sprig and functions for certificates, as the External Secrets Operator does.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"text/template"
)

type input struct {
	Template string            `json:"template"`
	Data     map[string]string `json:"data"` // base64
}
type output struct {
	Text  string `json:"text"` // base64
	Error string `json:"error"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var one input
		if err := json.Unmarshal(in.Bytes(), &one); err != nil {
			panic(err)
		}
		out.Encode(render(one))
	}
}

func render(one input) output {
	data := map[string]string{}
	for key, value := range one.Data {
		bytes, _ := base64.StdEncoding.DecodeString(value)
		data[key] = string(bytes)
	}
	parsed, err := template.New("t").Option("missingkey=error").Funcs(functions()).Parse(one.Template)
	if err != nil {
		return output{Error: "parse: " + err.Error()}
	}
	var buffer bytes.Buffer
	if err := parsed.Execute(&buffer, data); err != nil {
		return output{Error: "run: " + err.Error()}
	}
	return output{Text: base64.StdEncoding.EncodeToString(buffer.Bytes())}
}
