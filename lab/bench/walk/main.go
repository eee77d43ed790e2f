// Command walk tells where two files of JSON or YAML differ, in the least way that
// Go's libraries know: both are decoded to maps, the maps are walked, and each
// value that differs is printed with its path. It is what `config diff` is measured
// beside.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := run(os.Args[1:], out)
	if err = errors.Join(err, out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "walk:", err)
		os.Exit(1)
	}
}

func run(files []string, out io.Writer) error {
	if len(files) != 2 {
		return errors.New("two files are compared")
	}
	var sides [2]any
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		decode := json.Unmarshal
		if filepath.Ext(file) == ".yaml" {
			decode = yaml.Unmarshal
		}
		if err := decode(text, &sides[i]); err != nil {
			return err
		}
	}
	return walk(out, "", sides[0], sides[1])
}

func walk(out io.Writer, path string, a, b any) error {
	in, both := a.(map[string]any)
	with, ok := b.(map[string]any)
	if !both || !ok {
		if a == b {
			return nil
		}
		_, err := fmt.Fprintf(out, "%s: %v → %v\n", path, a, b)
		return err
	}
	for key, value := range in {
		if err := walk(out, path+"."+key, value, with[key]); err != nil {
			return err
		}
	}
	for key, value := range with {
		if _, ok := in[key]; ok {
			continue
		}
		if err := walk(out, path+"."+key, nil, value); err != nil {
			return err
		}
	}
	return nil
}
