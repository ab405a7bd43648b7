package main

import (
	"bytes"
	"encoding/base64"
	"text/template"
)

type output struct {
	Text  string `json:"text"` // base64
	Error string `json:"error"`
}

// Renders a template as the operator does, with sprig and functions for certificates.
func render(text string, values map[string]string) output {
	data := map[string]string{}
	for key, value := range values {
		bytes, _ := base64.StdEncoding.DecodeString(value)
		data[key] = string(bytes)
	}
	parsed, err := template.New("t").Option("missingkey=error").Funcs(functions()).Parse(text)
	if err != nil {
		return output{Error: "parse: " + err.Error()}
	}
	var buffer bytes.Buffer
	if err := parsed.Execute(&buffer, data); err != nil {
		return output{Error: "run: " + err.Error()}
	}
	return output{Text: base64.StdEncoding.EncodeToString(buffer.Bytes())}
}
