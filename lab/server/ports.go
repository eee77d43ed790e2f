package server

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports given to servers lie below the range that kernels hand out to
// outgoing connections (32768 and above on Linux): a server that is stopped and
// started again finds its ports still free.
const (
	firstPort = 20000
	lastPort  = 32000
)

// freePorts returns n different ports of 127.0.0.1 that nobody listens on, with
// TCP or with UDP.
func freePorts(n int) ([]int, error) {
	var ports []int
	var held []interface{ Close() error }
	defer func() {
		for _, h := range held {
			_ = h.Close()
		}
	}()
	for range 1000 {
		if len(ports) == n {
			return ports, nil
		}
		port := firstPort + rand.IntN(lastPort-firstPort)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		held = append(held, tcp)
		udp, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		held = append(held, udp)
		ports = append(ports, port)
	}
	return nil, errors.New("no free ports on 127.0.0.1")
}
