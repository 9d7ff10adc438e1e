package network

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// trie finds the prefixes that contain an address, for one family or both: a path-compressed binary tree in one slice. The
// zero trie is empty and ready.
type trie struct {
	nodes []node // the roots of IPv4 and IPv6 come first
}

// node stands for a prefix; value is what was put there plus one, 0 when the node only branches.
type node struct {
	key   key
	bits  int32
	child [2]int32
	value int32
}

// key is an address with its first bit on the left.
type key struct{ hi, lo uint64 }

func keyOf(a netip.Addr) (k key, root int32) {
	if a.Is4() {
		b := a.As4()
		return key{hi: uint64(binary.BigEndian.Uint32(b[:])) << 32}, 0
	}
	b := a.As16()
	return key{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}, 1
}

func (k key) bit(i int32) uint64 {
	if i < 64 {
		return k.hi >> (63 - i) & 1
	}
	return k.lo >> (127 - i) & 1
}

// common counts the leading bits that two keys share.
func (k key) common(o key) int32 {
	if x := k.hi ^ o.hi; x != 0 {
		return int32(bits.LeadingZeros64(x))
	}
	return 64 + int32(bits.LeadingZeros64(k.lo^o.lo))
}

// put stores value, which must not be negative, for the prefix unless something stands there, and gives what stands there now.
func (t *trie) put(p netip.Prefix, value int32) int32 {
	if t.nodes == nil {
		t.nodes = make([]node, 2, 8)
	}
	k, at := keyOf(p.Addr())
	size := int32(p.Bits())
	for t.nodes[at].bits != size {
		b := k.bit(t.nodes[at].bits)
		next := t.nodes[at].child[b]
		if next == 0 {
			next = t.add(node{key: k, bits: size})
			t.nodes[at].child[b] = next
			at = next
			break
		}
		shared := min(k.common(t.nodes[next].key), size, t.nodes[next].bits)
		if shared < t.nodes[next].bits { // a node in between
			mid := node{key: k, bits: shared}
			mid.child[t.nodes[next].key.bit(shared)] = next
			next = t.add(mid)
			t.nodes[at].child[b] = next
		}
		at = next
	}
	if t.nodes[at].value == 0 {
		t.nodes[at].value = value + 1
	}
	return t.nodes[at].value - 1
}

func (t *trie) add(n node) int32 {
	t.nodes = append(t.nodes, n)
	return int32(len(t.nodes) - 1)
}

// path is the values of all prefixes that contain an address, the shortest first. An IPv6 address has at most 129.
type path struct {
	values [129]int32
	n      int
}

// find collects the values of the prefixes that contain a.
func (t *trie) find(a netip.Addr, out *path) {
	out.n = 0
	if t.nodes == nil {
		return
	}
	k, at := keyOf(a)
	size := int32(a.BitLen())
	for {
		n := &t.nodes[at]
		if n.value != 0 {
			out.values[out.n] = n.value - 1
			out.n++
		}
		if n.bits == size {
			return
		}
		if at = n.child[k.bit(n.bits)]; at == 0 || k.common(t.nodes[at].key) < t.nodes[at].bits {
			return
		}
	}
}
