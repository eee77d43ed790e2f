package demo

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
)

const loopback = "127.0.0.1"

// listen opens a free port on loopback.
func listen(ctx context.Context) (net.Listener, int, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return nil, 0, err
	}
	return ln, port(ln.Addr()), nil
}

func port(a net.Addr) int {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

// deadPort returns a port on loopback that refuses connections until release is
// called. A port that was merely closed could be given to another process,
// which would answer in the place of the dead: this one is kept busy as the
// near end of a connection, which no listener can share.
func deadPort(ctx context.Context) (number int, release func(), err error) {
	ln, _, err := listen(ctx)
	if err != nil {
		return 0, func() {}, err
	}
	near, err := (&net.Dialer{}).DialContext(ctx, "tcp", ln.Addr().String()) //nolint:forbidigo // to ourselves
	if err != nil {
		_ = ln.Close()
		return 0, func() {}, err
	}
	far, err := ln.Accept()
	_ = ln.Close()
	if err != nil {
		_ = near.Close()
		return 0, func() {}, err
	}
	return port(near.LocalAddr()), func() {
		_ = near.Close()
		_ = far.Close()
	}, nil
}

// serveHTTP answers on ln until stop, which lets requests end while its context
// lasts.
func serveHTTP(ln net.Listener, h http.Handler) (stop func(context.Context)) {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		// Whoever probes badly would otherwise be told so on our stderr.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // always an error: that it was closed
	}()
	return func(ctx context.Context) {
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
		<-done
	}
}

// serveNobody accepts connections on ln, reads what comes and never answers. A
// connection lasts until the other side ends it, or stop does.
func serveNobody(ln net.Listener) (stop func(context.Context)) {
	ctx, cut := context.WithCancel(context.Background())
	var running sync.WaitGroup
	hold := func(conn net.Conn) {
		stopped := context.AfterFunc(ctx, func() { _ = conn.Close() })
		defer stopped()
		_, _ = io.Copy(io.Discard, conn) // ends with the connection
		_ = conn.Close()
	}
	running.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return // closed; or out of files, and then the backlog goes on unanswered too
			}
			running.Go(func() { hold(conn) })
		}
	})
	return func(context.Context) {
		_ = ln.Close()
		cut()
		running.Wait()
	}
}

// serveGRPC is serveHTTP for gRPC.
func serveGRPC(ln net.Listener, srv *grpc.Server) (stop func(context.Context)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln)
	}()
	return func(ctx context.Context) {
		cut := context.AfterFunc(ctx, srv.Stop)
		defer cut()
		srv.GracefulStop()
		<-done
	}
}
