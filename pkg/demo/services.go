package demo

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
)

// slowness is how long an instance with the fault slow waits before it answers
// anything.
const slowness = 800 * time.Millisecond

// maxBody is the most bytes that the mesh reads of a request or an answer.
const maxBody = 64 << 10

// orderRequest is the body of POST /orders. The gateway gives the order its id.
type orderRequest struct {
	ID       string `json:"id,omitempty"`
	User     string `json:"user"`
	Item     string `json:"item"`
	Quantity int    `json:"quantity"`
}

// orderReply is what POST /orders answers: each service adds the instances that
// it went through.
type orderReply struct {
	ID      string `json:"id"`
	TraceID string `json:"traceId"`
	Cents   int    `json:"cents"`
	Hops    []Hop  `json:"hops"`
}

// account is what GET /users/{id} answers.
type account struct {
	ID  string `json:"id"`
	Hop Hop    `json:"hop"`
}

// refusal is an answer other than success.
type refusal struct {
	status    int // HTTP
	text      string
	traceID   string
	unreached bool // the instance was not reached: another one may be
}

// Error implements error.
func (r *refusal) Error() string { return r.text }

// httpHandler returns what an instance of a service that speaks HTTP answers.
func (u *unit) httpHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+healthPath, u.healthHandler())
	switch u.service {
	case gateway:
		u.handle(mux, "POST /orders", u.placeOrder)
	case order:
		u.handle(mux, "POST /orders", u.takeOrder)
	case user:
		u.handle(mux, "GET /users/{id}", u.showUser)
	}
	if u.fault != FaultSlow {
		return mux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pause(r.Context(), slowness)
		mux.ServeHTTP(w, r)
	})
}

// healthHandler tells whether the instance is well. With the fault flapping it
// is so in one request of three, counted over all who ask.
func (u *unit) healthHandler() http.HandlerFunc {
	var asked atomic.Uint64
	return func(w http.ResponseWriter, _ *http.Request) {
		code, state := http.StatusOK, "ok"
		if n := asked.Add(1); u.fault == FaultFlapping && n%3 != 1 {
			code, state = http.StatusServiceUnavailable, "unavailable"
		}
		reply(w, code, map[string]string{"status": state, "id": u.in.ID, "version": u.version})
	}
}

// placeOrder is the gateway's part: who is it, then the order. Without the user
// service orders are taken from guests.
func (u *unit) placeOrder(r *http.Request, traceID string) (any, error) {
	req, err := readOrder(r)
	if err != nil {
		return nil, err
	}
	req.ID = "o-" + traceID[:8]
	hops := []Hop{u.hop()}
	var who account
	err = u.fetch(r.Context(), user, ask{method: http.MethodGet, path: "/users/" + req.User, route: "/users/{id}", into: &who})
	if err == nil {
		hops = append(hops, who.Hop)
	} else {
		req.User = "guest"
	}
	var out orderReply
	if err := u.fetch(r.Context(), order, ask{method: http.MethodPost, path: "/orders", route: "/orders", body: req, into: &out}); err != nil {
		return nil, err
	}
	out.TraceID, out.Hops = traceID, append(hops, out.Hops...)
	return out, nil
}

// takeOrder is the order service's part: reserve the goods, then the money.
func (u *unit) takeOrder(r *http.Request, traceID string) (any, error) {
	req, err := readOrder(r)
	if err != nil {
		return nil, err
	}
	work(r.Context(), 2*time.Millisecond)
	goods, err := u.invoke(r.Context(), inventory, map[string]any{"order": req.ID, "item": req.Item, "quantity": req.Quantity})
	if err != nil {
		return nil, err
	}
	cents := int(goods.Fields["cents"].GetNumberValue())
	money, err := u.invoke(r.Context(), payment, map[string]any{"order": req.ID, "user": req.User, "cents": cents})
	if err != nil {
		return nil, err
	}
	return orderReply{ID: req.ID, TraceID: traceID, Cents: cents, Hops: []Hop{u.hop(), hopOf(goods), hopOf(money)}}, nil
}

func (u *unit) showUser(r *http.Request, _ string) (any, error) {
	work(r.Context(), 2*time.Millisecond)
	return account{ID: r.PathValue("id"), Hop: u.hop()}, nil
}

func readOrder(r *http.Request) (orderRequest, error) {
	var req orderRequest
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&req); err != nil {
		return req, &refusal{status: http.StatusBadRequest, text: "the order is no JSON object"}
	}
	if req.User == "" || req.Quantity < 1 || price(req.Item) == 0 {
		return req, &refusal{status: http.StatusBadRequest, text: "an order has a user, an item (tea, cup or pot) and a quantity above 0"}
	}
	return req, nil
}

// answer adds to fields which instance it was.
func (u *unit) answer(fields map[string]any) (*structpb.Struct, error) {
	h := u.hop()
	fields["service"], fields["id"], fields["version"] = h.Service, h.ID, h.Version
	return structpb.NewStruct(fields)
}

func (u *unit) hop() Hop { return Hop{Service: u.service, ID: u.in.ID, Version: u.version} }

func hopOf(s *structpb.Struct) Hop {
	return Hop{
		Service: s.Fields["service"].GetStringValue(),
		ID:      s.Fields["id"].GetStringValue(),
		Version: s.Fields["version"].GetStringValue(),
	}
}

// price is in cents; 0 for what is not sold.
func price(item string) int {
	switch item {
	case "tea":
		return 450
	case "cup":
		return 900
	case "pot":
		return 2400
	default:
		return 0
	}
}

// work takes between d and 2d, as real work does.
func work(ctx context.Context, d time.Duration) {
	pause(ctx, d+rand.N(d)) //nolint:gosec // no secret hangs on how long it takes
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
