package main

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
	"gopkg.in/yaml.v3"
)

type found struct {
	// "absent", or one of gjson's types.
	Kind string `json:"kind"`
	// The characters of a string, and for other values their JSON as it is.
	Text string `json:"text"`
}

// The path, or else the key that has all its dots.
func property(text, path string) found {
	result := gjson.Get(text, path)
	if !result.Exists() {
		result = gjson.Get(text, strings.ReplaceAll(path, ".", `\.`))
	}
	switch {
	case !result.Exists():
		return found{Kind: "absent"}
	case result.Type == gjson.String:
		return found{Kind: "String", Text: result.Str}
	}
	return found{Kind: result.Type.String(), Text: result.Raw}
}

func extract(text string) map[string]found {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		return nil
	}
	all := map[string]found{}
	for name, raw := range members {
		var characters string
		switch {
		case string(raw) == "null":
			all[name] = found{Kind: "Null", Text: "null"}
		case json.Unmarshal(raw, &characters) == nil:
			all[name] = found{Kind: "String", Text: characters}
		default:
			all[name] = found{Kind: "JSON", Text: string(raw)}
		}
	}
	return all
}

type wanted struct {
	Name    string `yaml:"objectName" json:"objectName"`
	Alias   string `yaml:"objectAlias" json:"objectAlias"`
	Version string `yaml:"objectVersion" json:"objectVersion"`
	History int32  `yaml:"objectVersionHistory" json:"objectVersionHistory"`
	Type    string `yaml:"objectType" json:"objectType"`
	Mode    string `yaml:"filePermission" json:"filePermission"`
}

func object(text string) any {
	var one wanted
	if yaml.Unmarshal([]byte(text), &one) != nil {
		return nil
	}
	return one
}
