package local_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"govctl/pkg/registry"
)

// BenchmarkInstances lists 10,000 instances: of one service, and of 500.
func BenchmarkInstances(b *testing.B) {
	for _, services := range []int{1, 500} {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			f := newFixture(b)
			seed(b, f.root, services, 10_000/services)
			for b.Loop() {
				if n := count(b, f); n != 10_000 {
					b.Fatalf("%d instances; want 10000 (%v)", n, f.said)
				}
			}
		})
	}
}

// BenchmarkReadFiles is what BenchmarkInstances is measured against: the same
// 10,000 files read one after the other, and nothing made of them.
func BenchmarkReadFiles(b *testing.B) {
	f := newFixture(b)
	seed(b, f.root, 1, 10_000)
	dir := filepath.Join(f.root, "services", "service-000")
	for b.Loop() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range entries {
			if _, err := os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// count lists everything.
func count(b *testing.B, f *fixture) int {
	b.Helper()
	names, err := f.Services(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, err := range registry.List(context.Background(), f, names) {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	return n
}

// seed writes files as Register does, but does not wait for the disk.
func seed(b *testing.B, root string, services, each int) {
	b.Helper()
	for s := range services {
		dir := filepath.Join(root, "services", fmt.Sprintf("service-%03d", s))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			b.Fatal(err)
		}
		for i := range each {
			text := fmt.Sprintf(`{"address": "10.0.%d.%d", "port": 8080, "version": "v%d", "protocol": "grpc", "zone": "eu-1", "weight": 1,
"tags": ["canary", "blue"], "metadata": {"team": "order", "commit": "0123456789abcdef", "protocol": "grpc"}, "ttlSeconds": 30, "revision": "17"}`, s%256, i%256, i%3)
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("order-%05d.json", i)), []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
}
