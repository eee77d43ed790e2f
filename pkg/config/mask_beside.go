package config

import (
	"strings"

	"govctl/internal/mask"
)

// hideBeside marks as Hidden what is secret by what stands beside it: the value in
// {name: DB_PASSWORD, value: x}, the element of a list behind a flag, and the data of
// a Kubernetes Secret. No path to it says so. name is the key that leads to n.
func hideBeside(name string, n *Node) {
	switch n.Kind {
	case Map:
		for i, k := range n.Keys {
			hideBeside(k, &n.Nodes[i])
		}
		hideInMap(name, n)
	case List:
		for i := range n.Nodes {
			hideBeside(name, &n.Nodes[i])
			if i > 0 && afterFlag(&n.Nodes[i-1], "") != "" {
				n.Nodes[i].hide()
			}
		}
	default:
	}
}

func hideInMap(name string, n *Node) {
	isValue := func(key string) bool { return len(key) == len("value") && strings.EqualFold(key, "value") }
	for i, k := range n.Keys {
		switch {
		case isValue(k):
			if p := nameValueOf(n); p.value == i && mask.IsSecretName(under(name, p.name)) {
				n.Nodes[i].hide()
			}
		case (k == "data" || k == "stringData") && isKubeSecret(n):
			n.Nodes[i].hide()
		}
	}
}

// hide marks every scalar below n as Hidden.
func (n *Node) hide() {
	n.Hidden = n.Kind != Map && n.Kind != List
	for i := range n.Nodes {
		n.Nodes[i].hide()
	}
}
