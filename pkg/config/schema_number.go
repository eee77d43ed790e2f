package config

import (
	"math/big"
	"strconv"
	"strings"
)

// exact is the exact value of a number: 0.DIGITS × 10^(exponent + len(digits)),
// that is DIGITS × 10^exponent. The digits neither begin nor end with a 0; those
// of 0 are "".
type exact struct {
	negative bool
	digits   string
	exponent int64
}

// parseExact reads a number; false where it is infinite, no number, or of an
// exponent that has more than 18 digits.
func parseExact(text string) (exact, bool) {
	rest, negative := strings.CutPrefix(canonicalNumber(text), "-")
	mantissa, power, hasPower := strings.Cut(rest, "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if whole == "" || !isDigits(whole+fraction) {
		return exact{}, false
	}
	d := exact{negative: negative, digits: strings.TrimRight(digits, "0")}
	if d.digits == "" {
		return exact{}, true
	}
	d.exponent = int64(len(digits)-len(d.digits)) - int64(len(fraction))
	if hasPower {
		e, err := strconv.ParseInt(power, 10, 64)
		if err != nil || e > exponentEnd || e < -exponentEnd {
			return exact{}, false
		}
		d.exponent += e
	}
	return d, true
}

// exponentEnd bounds exponents, so that sums of them and of lengths fit 64 bits.
const exponentEnd = 1 << 61

// isInteger tells of 1, 1.0 and 1e3.
func (d exact) isInteger() bool { return d.exponent >= 0 }

// isInteger tells whether a number is a whole one.
func isInteger(text string) bool {
	d, ok := parseExact(text)
	return ok && d.isInteger()
}

// compare returns -1, 0 or 1 as d is below, equal to or above other.
func (d exact) compare(other exact) int {
	switch {
	case d.negative != other.negative:
		return sign(d.negative)
	case d.negative:
		return other.size(d)
	default:
		return d.size(other)
	}
}

func sign(negative bool) int {
	if negative {
		return -1
	}
	return 1
}

// size is compare without signs.
func (d exact) size(other exact) int {
	top, otherTop := d.exponent+int64(len(d.digits)), other.exponent+int64(len(other.digits))
	switch {
	case d.digits == "" || other.digits == "" || top == otherTop:
		return strings.Compare(d.digits, other.digits)
	case top < otherTop:
		return -1
	default:
		return 1
	}
}

// maxDivided is up to how many digits numbers are divided.
const maxDivided = 1000

// multiple tells whether d is a whole number of times other, which is not 0; ok is
// false where they have too many digits to tell.
func (d exact) multiple(other exact) (is, ok bool) {
	power := d.exponent - other.exponent
	switch {
	case len(d.digits) > maxDivided || len(other.digits) > maxDivided:
		return false, false
	case d.digits == "":
		return true, true
	case power < 0: // d would have to end with a 0
		return false, true
	}
	a, _ := new(big.Int).SetString(d.digits, 10)
	b, _ := new(big.Int).SetString(other.digits, 10)
	tens := new(big.Int).Exp(big.NewInt(10), big.NewInt(power), b)
	return new(big.Int).Mod(a.Mul(a, tens), b).Sign() == 0, true
}

// bound checks how a number compares with that of the schema.
func bound(text string, allowed func(order int) bool) keyword {
	return func(c *compiler, _ *subschema, value *Node) (check, error) {
		limit, err := c.number(value)
		if err != nil {
			return nil, err
		}
		return func(v *validation, n *Node) bool {
			if n.Kind != Number || !v.cost(len(n.Text)/64) {
				return true
			}
			order, ok := n.order(limit)
			switch {
			case !ok:
				return v.fail(n, "is a number that cannot be compared")
			case !allowed(order):
				return v.failFor(n, " "+value.Text, "%s", text)
			}
			return true
		}, nil
	}
}

// order compares a Number with limit; false where there is no telling.
func (n *Node) order(limit exact) (order int, ok bool) {
	if d, ok := parseExact(n.Text); ok {
		return d.compare(limit), true
	}
	switch canonicalNumber(n.Text) {
	case "inf":
		return 1, true
	case "-inf":
		return -1, true
	}
	return 0, false
}

// number returns a number of the schema.
func (c *compiler) number(n *Node) (exact, error) {
	d, ok := parseExact(n.Text)
	if n.Kind != Number || !ok {
		return d, c.mistake(n, "this must be a number")
	}
	return d, nil
}

func (c *compiler) multipleOf(_ *subschema, value *Node) (check, error) {
	step, err := c.number(value)
	if err != nil {
		return nil, err
	}
	if step.negative || step.digits == "" {
		return nil, c.mistake(value, "multipleOf must be above 0")
	}
	return func(v *validation, n *Node) bool {
		if n.Kind != Number || !v.cost(len(n.Text)/64) {
			return true
		}
		d, ok := parseExact(n.Text)
		is := false
		if ok {
			is, ok = d.multiple(step)
		}
		switch {
		case !ok:
			return v.fail(n, "is a number that cannot be divided")
		case !is:
			return v.failFor(n, " "+value.Text, "is not a multiple of")
		}
		return true
	}, nil
}
