// Does what the External Secrets Operator, and the CSI driver's Azure provider, do with a text: with Go's text/template and the
// libraries that they use.
package main

import (
	"bufio"
	"encoding/json"
	"os"
)

type input struct {
	// What to do: "template", or a kind of text to read.
	Reader string `json:"reader"`
	Text   string `json:"text"`
	// The path of a property.
	Path string `json:"path"`
	// How long a window is open, and when to look at it.
	Lasts string `json:"lasts"`
	At    string `json:"at"`
	// The values for a template or a rewrite, as base64.
	Data map[string]string `json:"data"`
	// Of a rewrite.
	Operations []operation `json:"operations"`
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
		out.Encode(answer(one))
	}
}

func answer(one input) any {
	switch one.Reader {
	case "template":
		return render(one.Text, one.Data)
	case "property":
		return property(one.Text, one.Path)
	case "extract":
		return extract(one.Text)
	case "rewrite":
		return rewrite(one.Operations, one.Data)
	case "convert":
		return convert(one.Text)
	case "window":
		return window(one.Text, one.Lasts, one.At)
	case "object":
		return object(one.Text)
	}
	panic("unknown reader " + one.Reader)
}
