package config_test

import (
	"slices"
	"strings"
	"testing"

	"govctl/pkg/config"
)

func TestC8WhatOlderReadersOfYAMLTakeForSomethingElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, meaning string
		differs       bool
	}{
		{"no", "bool false", true},
		{"Yes", "bool true", true},
		{"on", "bool true", true},
		{"OFF", "bool false", true},
		{"y", "bool true", true},
		{"N", "bool false", true},
		{"oN", "text", false},
		{"true", "bool true", false},
		{"TRUE", "bool true", false},
		{"~", "null", false},
		{"", "null", false},
		{"hello", "text", false},
		{"0o777", "text", true},
		{"0777", "number 511", true},
		{"-0777", "number -511", true},
		{"007", "number 007", false},
		{"08", "text", true},
		{"0x1F", "number 0x1F", false},
		{"-0x1F", "number -31", true},
		{"0b101", "number 5", true},
		{"12:30:45", "number 45045", true},
		{"22:22", "number 1342", true},
		{"-1:30", "number -90", true},
		{"12:30:45.5", "number 45045.5", true},
		{"12:70", "text", false},
		{"00:30", "text", false},
		{"1_000", "number 1000", true},
		{"1_000.5", "number 1000.5", true},
		{"1e3", "text", true},
		{"1.5e+3", "number 1.5e+3", false},
		{"1.10", "number 1.10", false},
		{"8080", "number 8080", false},
		{"+1", "number +1", false},
		{"-0", "number -0", false},
		{".5", "number .5", false},
		{"-.5", "text", true},
		{".inf", "number .inf", false},
		{".nan", "number .nan", false},
		{"2001-12-14", "time 2001-12-14", true},
		{"2001-12-14 21:59:43.10 -5", "time 2001-12-14 21:59:43.10 -5", true},
		{"10.0.0.1", "text", false},
		{"9007199254740993", "number 9007199254740993", false},
		{"0" + strings.Repeat("7", 200), "number 0" + strings.Repeat("7", 200), false},
	} {
		if meaning, differs := config.YAML11(c.text); meaning != c.meaning || differs != c.differs {
			t.Errorf("%q: %q, %v; want %q, %v", c.text, meaning, differs, c.meaning, c.differs)
		}
	}
}

func TestOnlyScalarsWithoutQuotesArePlain(t *testing.T) {
	t.Parallel()
	n, err := config.Parse([]byte("[&a no, 'no', \"no\", !!str no, 1, ~, [], *a]"), config.YAML)
	if err != nil {
		t.Fatal(err)
	}
	var plain []bool
	for _, v := range n.Nodes {
		plain = append(plain, v.Plain)
	}
	if got, want := plain, []bool{true, false, false, false, true, true, false, true}; !slices.Equal(got, want) {
		t.Errorf("plain: %v, want %v", got, want)
	}
}
