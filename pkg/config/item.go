// Package config is about configuration as services read it: items of content in
// a store, what stands in them, and where two environments differ. It knows no
// store itself: back-ends implement Store.
package config

import (
	"cmp"
	"strings"
	"time"
)

// NoGroup is the group of an item that has none.
const NoGroup = "-"

// Key names an item. In Consul the group is the first folder below that of the
// environment and the name is the rest; in Nacos they are group and dataId.
type Key struct {
	Group string `json:"group"` // NoGroup where there is none
	Name  string `json:"key"`
}

// String returns "group/name", or the name alone where there is no group: how
// commands show an item, and take it.
func (k Key) String() string {
	if k.Group == NoGroup {
		return k.Name
	}
	return k.Group + "/" + k.Name
}

// Compare sorts keys by group, then by name.
func (k Key) Compare(other Key) int {
	return cmp.Or(strings.Compare(k.Group, other.Group), strings.Compare(k.Name, other.Name))
}

// Format says how content is to be read.
type Format string

// The formats. Text and Binary have no inner structure: they differ as a whole.
const (
	YAML       Format = "yaml"
	JSON       Format = "json"
	TOML       Format = "toml"
	Properties Format = "properties"
	Text       Format = "text"
	Binary     Format = "binary"
)

// Formats returns every Format.
func Formats() []Format { return []Format{YAML, JSON, TOML, Properties, Text, Binary} }

// Item is one entry of a store. Content may hold secrets: nothing prints it but
// through internal/mask.
type Item struct {
	Key
	Content []byte
	// Declared is the format that the store itself names, "" where it names none.
	// Format is the one to read it by: see Detect.
	Declared Format
	// Revision changes with every write: Consul's ModifyIndex, Nacos' MD5, …
	Revision string
	// Modified and By are when it was written last and by whom, the zero value
	// where the store does not keep that.
	Modified time.Time
	By       string
}
