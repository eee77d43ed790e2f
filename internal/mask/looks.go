package mask

import (
	"encoding/base64"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

var (
	// reference is a value that says where a secret is; ${NAME:default} holds one.
	reference = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:\$\{[A-Za-z_][\w.\-]*(?::-?)?\}|\$\([A-Za-z_]\w*\)|\{\{-? *[.$A-Za-z][\w.$ ]* *-?\}\}|\*+)$`)
	})
	// measure is a number, a truth value, a duration or a size.
	measure = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:true|false|[+-]?\d{1,12}(?:\.\d{1,9})?(?:[a-zA-Zµ]{1,3}|%)?|PT?(?:\d+[YMDHSW]){1,4})$`)
	})
	// pairs is what separates the settings of a connection: password=x host=y.
	pairs = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\b(?:host|server|data source|endpoint|addr|address|accountname|dbname|database|user|uid|user id|username)\s*=`)
	})
)

// isHarmlessValue tells of what hides nothing whatever its name is: nothing, a
// truth value as programs write it, a reference. "True" may be a password.
func isHarmlessValue(value string) bool {
	switch trimmed := strings.TrimSpace(value); trimmed {
	case "", "null", "~", "true", "false":
		return true
	default:
		return len(trimmed) < maxName && strings.IndexByte("${*", trimmed[0]) >= 0 && reference().MatchString(trimmed)
	}
}

// isMeasure tells whether the value is a number that is about a secret, by the
// last name.
func isMeasure(name, value string) bool {
	i := strings.LastIndexAny(name, ".[/")
	if i < 0 || len(value) > 40 {
		return false
	}
	words := wordsOf(name[i+1:])
	return len(words) > 0 && vocabulary().about[words[len(words)-1]] && measure().MatchString(value)
}

// isWord tells of a word of prose, which is no secret where a sentence goes on.
func isWord(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == "" || strings.Trim(s, ".,:;!?)") == ""
}

// hasAddress tells whether a connection string is of a form in which the password
// is found.
func hasAddress(value string) bool {
	return strings.Contains(value, "://") || pairs().MatchString(value) ||
		strings.Contains(value, "(") && strings.Contains(value, "@") || strings.Contains(value, Marker)
}

// looksRandom tells whether a value is a word that nobody thought up: long, with
// letters and digits that are mixed, or base64 with its padding.
func looksRandom(s string) bool {
	if len(s) < 16 || len(s) > 1<<16 || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") || strings.Contains(s, "://") {
		return false
	}
	if _, err := base64.StdEncoding.DecodeString(s); err == nil && strings.HasSuffix(s, "=") {
		return true
	}
	run, letters, capitals, numbers, found := 0, 0, 0, 0, false
	for _, r := range s {
		switch {
		case r <= ' ' || r > '~' || strings.ContainsRune(`"'<>(){}[],;`, r):
			return false
		case unicode.IsDigit(r):
			run, numbers = run+1, numbers+1
		case unicode.IsUpper(r):
			run, capitals = run+1, capitals+1
		case unicode.IsLetter(r):
			run, letters = run+1, letters+1
		default:
			if _, err := base64.StdEncoding.DecodeString(s); err == nil && strings.HasSuffix(s, "=") {
				return true
			}
			run, letters, capitals, numbers = 0, 0, 0, 0
		}
		mixed := min(letters, 1) + min(capitals, 1) + min(numbers, 1) + min(numbers/2, 1)
		found = found || run >= 10 && numbers > 0 && mixed > 2
	}
	return found
}
