package faultkit

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"time"
)

// Serve answers HTTP by h. A handler that waits must do so on the request's
// context, which ends with the test.
func Serve(t testing.TB, h http.Handler) string {
	t.Helper()
	return serve(t, h, nil)
}

// ServeTLS is Serve over TLS: HTTP/2 too, where config has TLS 1.2 at least.
func ServeTLS(t testing.TB, config *tls.Config, h http.Handler) string {
	t.Helper()
	return serve(t, h, config.Clone())
}

func serve(t testing.TB, h http.Handler, config *tls.Config) string {
	t.Helper()
	ln := listen(t)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	srv := &http.Server{
		Handler:           h,
		TLSConfig:         config,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // its clients break off: that is what is tested
		BaseContext:       func(net.Listener) context.Context { return ctx },
		Protocols:         new(http.Protocols),
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(config != nil && (config.MaxVersion == 0 || config.MaxVersion >= tls.VersionTLS12))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if config != nil {
			_ = srv.ServeTLS(ln, "", "") // always an error: that it was closed
			return
		}
		_ = srv.Serve(ln)
	}()
	t.Cleanup(func() {
		cancel()
		_ = srv.Close()
		<-done
	})
	return ln.Addr().String()
}

// Answer is a handler that answers every request alike.
func Answer(code int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	})
}

// Status answers every request with code and body.
func Status(t testing.TB, code int, body string) string {
	t.Helper()
	return Serve(t, Answer(code, body))
}

// Redirecting is a handler that sends every request to location; "/" is a
// circle.
func Redirecting(location string) http.Handler {
	return http.RedirectHandler(location, http.StatusFound)
}

// Redirect sends every request to location; "/" is a circle.
func Redirect(t testing.TB, location string) string {
	t.Helper()
	return Serve(t, Redirecting(location))
}
