package config

import (
	"cmp"
	"math/big"
	"regexp"
	"strings"
	"sync"
)

// coreKind returns what a scalar without quotes is in YAML 1.2 (its core
// schema), and its Node.Text.
func coreKind(s string) (kind Kind, text string) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return Null, "null"
	case "true", "True", "TRUE":
		return Bool, "true"
	case "false", "False", "FALSE":
		return Bool, "false"
	}
	if isCoreNumber(s) {
		return Number, s
	}
	return String, s
}

// digits are those of a decimal number.
const digits = "0123456789"

// numberStart is what a number begins with in any YAML.
const numberStart = digits + "+-."

func isCoreNumber(s string) bool {
	if strings.IndexByte(numberStart, s[0]) < 0 {
		return false
	}
	if after, ok := strings.CutPrefix(s, "0o"); ok {
		return consists(after, "01234567")
	}
	if after, ok := strings.CutPrefix(s, "0x"); ok {
		return consists(after, digits+"abcdefABCDEF")
	}
	switch s {
	case ".nan", ".NaN", ".NAN":
		return true
	}
	switch unsigned(s) {
	case ".inf", ".Inf", ".INF":
		return true
	}
	return isDecimal(s)
}

// isDecimal tells of [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
func isDecimal(s string) bool {
	s = unsigned(s)
	whole := leading(s, digits)
	s = s[whole:]
	if after, ok := strings.CutPrefix(s, "."); ok {
		fraction := leading(after, digits)
		if whole+fraction == 0 {
			return false
		}
		s = after[fraction:]
	} else if whole == 0 {
		return false
	}
	if s == "" {
		return true
	}
	return (s[0] == 'e' || s[0] == 'E') && consists(unsigned(s[1:]), digits)
}

// unsigned returns s without the one sign that it may begin with.
func unsigned(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// leading returns how many of those characters s begins with.
func leading(s, those string) int {
	return len(s) - len(strings.TrimLeft(s, those))
}

// consists tells whether s has characters, and all are among those.
func consists(s, those string) bool {
	return s != "" && strings.Trim(s, those) == ""
}

// YAML11 tells of a scalar without quotes what a reader of YAML 1.1 takes it for:
// "bool false", "number 511", "text", "time 2001-12-14"; and whether that differs
// from what Parse says, which reads YAML 1.2. The rules are those of PyYAML; y
// and n are bools by the standard, which only some readers follow there.
func YAML11(text string) (meaning string, differs bool) {
	kind, text12 := coreKind(text)
	same := kind.String() + " " + text12
	if kind == Null {
		return "null", false
	}
	if kind == String {
		same = "text"
	}
	switch text {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
		return "bool true", true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return "bool false", true
	}
	plainNumber := consists(unsigned(text), digits) && unsigned(text)[0] != '0'
	if plainNumber || len(text) > longScalar || strings.IndexByte(numberStart, text[0]) < 0 {
		return same, false
	}
	meaning = yaml11Number(text)
	if kind == Number && meaning == "number "+number12(text) {
		return same, false
	}
	return meaning, meaning != same
}

// longScalar is from how many characters on a scalar is no number that anybody
// could mean.
const longScalar = 100

// yaml11Number returns what a scalar is that begins as a number does.
func yaml11Number(text string) string {
	old := yaml11Patterns()
	plain := strings.ReplaceAll(text, "_", "")
	switch {
	case old.whole.MatchString(text):
		return "number " + whole11(plain)
	case old.base60.MatchString(text):
		whole, fraction, _ := strings.Cut(plain, ".")
		return "number " + strings.TrimSuffix(whole11(whole)+"."+fraction, ".")
	case old.fraction.MatchString(text):
		return "number " + plain
	case old.time.MatchString(text):
		return "time " + text
	}
	return "text"
}

// yaml11Set is how PyYAML tells numbers and times.
type yaml11Set struct{ whole, fraction, base60, time *regexp.Regexp }

var yaml11Patterns = sync.OnceValue(func() yaml11Set {
	return yaml11Set{
		whole:    regexp.MustCompile(`^[-+]?(0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(:[0-5]?[0-9])+)$`),
		fraction: regexp.MustCompile(`^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`),
		base60:   regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*$`),
		time: regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}` +
			`:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?)$`),
	}
})

// whole11 returns the decimal digits of a whole number of YAML 1.1: binary,
// octal, hexadecimal, decimal, or of base 60 as in 12:30:45.
func whole11(s string) string {
	number := unsigned(s)
	sign := strings.TrimPrefix(s[:len(s)-len(number)], "+")
	value := new(big.Int)
	switch {
	case strings.Contains(number, ":"):
		for part := range strings.SplitSeq(number, ":") {
			next, _ := new(big.Int).SetString(part, 10)
			value.Add(value.Mul(value, big.NewInt(60)), next)
		}
	case strings.HasPrefix(number, "0b"):
		value.SetString(number[2:], 2)
	case strings.HasPrefix(number, "0x"):
		value.SetString(number[2:], 16)
	case number[0] == '0':
		value.SetString(number, 8)
	default:
		value.SetString(number, 10)
	}
	return sign + value.String()
}

// number12 returns a number of YAML 1.2 as whole11 would, or as it is written.
func number12(s string) string {
	number := unsigned(s)
	switch sign := strings.TrimPrefix(s[:len(s)-len(number)], "+"); {
	case strings.HasPrefix(number, "0x"):
		return whole11(s)
	case consists(number, digits):
		return sign + cmp.Or(strings.TrimLeft(number, "0"), "0")
	}
	return s
}
