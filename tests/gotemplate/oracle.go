// Reads cases as JSON lines and writes what text/template makes of each.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

type given struct {
	Template   string
	Data       any
	MissingKey string
	Left       string
	Right      string
}

type result struct {
	Output string `json:"output"`
	Phase  string `json:"phase"`
	Error  string `json:"error"`
}

func convert(value any) any {
	switch value := value.(type) {
	case json.Number:
		if !strings.ContainsAny(string(value), ".eE") {
			if number, err := strconv.Atoi(string(value)); err == nil {
				return number
			}
		}
		number, _ := value.Float64()
		return number
	case []any:
		for at := range value {
			value[at] = convert(value[at])
		}
		return slices.Clip(value)
	case map[string]any:
		for key := range value {
			value[key] = convert(value[key])
		}
	}
	return value
}

func large(n int) error {
	if n > 1000 {
		return errors.New("too large")
	}
	return nil
}

func bounded(n int) int { return min(max(n, 0), 1000) }

var functions = template.FuncMap{
	"add":    func(a, b int) int { return a + b },
	"upper":  strings.ToUpper,
	"repeat": func(n int, s string) (string, error) { return strings.Repeat(s, bounded(n)), large(n) },
	"mk":     func() map[string]any { return map[string]any{"a": map[string]any{"b": "B"}} },
	"idt":    func(value any) any { return value },
	"nilf":   func() any { return nil },
	"fail":   func(text string) (string, error) { return "", errors.New(text) },
	"seq": func(n int) ([]int, error) {
		items := make([]int, bounded(n))
		for at := range items {
			items[at] = at
		}
		return items, large(n)
	},
}

func run(case_ given) result {
	parsed := template.New("main").Delims(case_.Left, case_.Right).Funcs(functions)
	parsed = parsed.Option("missingkey=" + case_.MissingKey)
	parsed, err := parsed.Parse(case_.Template)
	if err != nil {
		return result{Phase: "parse", Error: err.Error()}
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, convert(case_.Data)); err != nil {
		return result{Phase: "exec", Error: err.Error()}
	}
	return result{Output: hex.EncodeToString(out.Bytes())}
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(in)
	decoder.UseNumber()
	encoder := json.NewEncoder(out)
	for {
		var case_ given
		if decoder.Decode(&case_) != nil {
			return
		}
		if encoder.Encode(run(case_)) != nil {
			return
		}
	}
}
