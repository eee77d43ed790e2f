package gomicro

import "sync"

// memoSize bounds what a Decoder remembers: tags and payloads, in bytes, of
// each of two generations.
const memoSize = 4 << 20

// memoEntry is what an entry costs beside its text, roughly, in bytes.
const memoEntry = 256

// memo maps tags to what they decoded to. It has two generations: where the
// young one is full it becomes the old one, and what is asked for again moves
// back, so that tags seen once are forgotten and frequent ones stay.
type memo struct {
	mu         sync.Mutex
	young, old map[string]payload
	size       int // of young
}

func (m *memo) load(tag string) (payload, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.young[tag]; ok {
		return p, true
	}
	p, ok := m.old[tag]
	if ok {
		m.put(tag, p)
	}
	return p, ok
}

func (m *memo) store(tag string, p payload) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(tag, p)
}

func (m *memo) put(tag string, p payload) {
	cost := len(tag) + p.size + memoEntry
	if cost > memoSize/8 {
		return
	}
	if m.young == nil || m.size+cost > memoSize {
		m.young, m.old, m.size = map[string]payload{}, m.young, 0
	}
	m.young[tag] = p
	m.size += cost
}
