package main

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"govctl/lab/server"
)

const (
	// services and nodes are how many the instances are spread over.
	services = 500
	nodes    = 100
	// batch is how many instances go into one transaction, each with its check:
	// Consul takes 128 operations at a time.
	batch = 64
)

// fill registers the instances from..to-1 in Consul's catalogue, as the agents
// of real go-micro services would have: its tags and its metadata, and a TTL
// check each. One in 50 is critical, one in 100 warns.
func fill(ctx context.Context, api *server.API, from, to int) error {
	if from == 0 {
		if err := fillNodes(ctx, api); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for start := from; start < to; start += batch {
		g.Go(func() error {
			var ops []map[string]any
			for i := start; i < min(start+batch, to); i++ {
				ops = append(ops, instance(i)...)
			}
			return api.Write(ctx, "/v1/txn", ops, nil)
		})
	}
	return g.Wait()
}

// fillNodes registers the machines, each with a check of its own.
func fillNodes(ctx context.Context, api *server.API) error {
	for i := range nodes {
		node := map[string]any{
			"Node": nodeName(i), "Address": fmt.Sprintf("10.1.0.%d", i),
			"Check": map[string]any{"CheckID": "machine", "Name": "machine", "Status": "passing", "Output": "alive and reachable"},
		}
		if err := api.Write(ctx, "/v1/catalog/register", node, nil); err != nil {
			return err
		}
	}
	return nil
}

func nodeName(i int) string { return fmt.Sprintf("node-%03d", i%nodes) }

// instance returns the two operations that register the instance number i.
func instance(i int) []map[string]any {
	name := fmt.Sprintf("service-%03d", i%services)
	id := fmt.Sprintf("%s-6f1c2a30-0000-4000-8000-%012d", name, i)
	record := recordOf(i)
	status := "passing"
	switch {
	case i%50 == 7:
		status = "critical"
	case i%100 == 9:
		status = "warning"
	}
	return []map[string]any{
		{"Service": map[string]any{"Verb": "set", "Node": nodeName(i), "Service": map[string]any{
			"ID": id, "Service": name, "Address": fmt.Sprintf("10.2.%d.%d", i/256%256, i%256), "Port": 20000 + i%10000,
			"Tags": record.Tags(), "Meta": record.Metadata,
		}}},
		{"Check": map[string]any{"Verb": "set", "Check": map[string]any{
			"Node": nodeName(i), "CheckID": "service:" + id, "Name": "Service '" + name + "' check", "Status": status,
			"ServiceID": id, "ServiceName": name, "Type": "ttl",
		}}},
	}
}

// recordOf is what go-micro's RPC server registers of a service with two
// methods.
func recordOf(i int) server.Record {
	value := func(kind string, fields ...string) *server.Value {
		v := &server.Value{Name: kind, Type: kind}
		for _, f := range fields {
			v.Values = append(v.Values, server.Value{Name: f, Type: "string"})
		}
		return v
	}
	endpoint := func(method string) server.Endpoint {
		return server.Endpoint{
			Name: "Handler." + method, Request: value(method+"Request", "id", "name"), Response: value(method+"Response", "status"),
			Metadata: map[string]string{},
		}
	}
	return server.Record{
		Version: "1." + strconv.Itoa(i/services%3) + ".0",
		Metadata: map[string]string{
			"broker": "http", "protocol": "mucp", "registry": "consul", "server": "mucp", "transport": "http",
			"zone": "zone-" + strconv.Itoa(i%3),
		},
		Endpoints: []server.Endpoint{endpoint("Get"), endpoint("Put")},
	}
}
