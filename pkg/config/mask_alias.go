package config

import "govctl/internal/mask"

// spot is where a scalar stands. Where the column is not known, all of the same
// text on the line are taken for one.
type spot struct {
	line, column int
	text         string
}

func spotOf(n *Node) spot { return spot{n.Line, n.Column, n.Text} }

// anchors are where that stands which aliases repeat, by where the aliases stand.
type anchors map[spot]spot

func (a anchors) add(alias, anchor spot) anchors {
	if a == nil {
		a = anchors{}
	}
	a[alias] = anchor
	return a
}

// of returns where the text of n is written.
func (a anchors) of(n *Node) spot {
	if anchor, ok := a[spotOf(n)]; ok {
		return anchor
	}
	return spotOf(n)
}

// hideAliased marks as Hidden what is secret by its name in one of the places where
// it stands, by itself, an alias or a merge key: in all of them it is the same value,
// and at its anchor too it is to be masked.
func hideAliased(root *Node, a anchors) {
	h := hider{a, map[spot]bool{}}
	h.find(masker{mask.New(nil)}, "", root)
	if len(h.secrets) > 0 {
		h.hide(root)
	}
}

// hider knows where the secrets of a tree are written.
type hider struct {
	anchors anchors
	secrets map[spot]bool
}

// find notes what is secret by its name. The key of the mask does not matter: what
// is masked is not looked at.
func (h hider) find(m masker, name string, n *Node) {
	switch n.Kind {
	case Map, List:
		within := namesIn(name, n)
		for i := range n.Nodes {
			h.find(m, within(i), &n.Nodes[i])
		}
	case Null, Bool:
	default:
		if mask.IsSecretName(name) && m.scalar(name, n) == m.Hash(n.Text) {
			h.secrets[h.anchors.of(n)] = true
		}
	}
}

func (h hider) hide(n *Node) {
	n.Hidden = n.Kind != Map && n.Kind != List && h.secrets[h.anchors.of(n)]
	for i := range n.Nodes {
		h.hide(&n.Nodes[i])
	}
}
