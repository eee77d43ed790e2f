package mask

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// verdict is what a name says of its value.
type verdict uint8

const (
	harmless verdict = iota
	perhaps          // secret where the value looks random
	address          // of a server: secret is what is within, or all where that cannot be told
	secret
)

// IsSecretName reports whether a value of this name is a secret: passwords,
// tokens, API keys, private keys, credentials, connection strings, however they
// are written. In a path with dots a secret name makes all below it secret.
// Where a name can mean either it is a secret, but for what is about one: a
// token's ttl, a password's file. "key" alone is none, it names too many things:
// Value looks at the value then.
func IsSecretName(name string) bool { return judge(name) >= address }

// maxName is up to how many bytes a name is looked at, from its end.
const maxName = 512

// judge returns what a name, or a path of names, says of its value.
func judge(name string) verdict {
	if len(name) > maxName {
		name = name[len(name)-maxName:]
	}
	var above verdict // of the names before
	var parent []string
	var room [2][8]string // for the words of a name and of its parent
	turn := 0
	for rest := name; rest != ""; {
		part := upTo(rest, "./[]:\"'")
		rest = rest[min(len(part)+1, len(rest)):]
		words := appendWords(room[turn][:0], part)
		if len(words) == 0 {
			continue
		}
		if above >= address {
			return above
		}
		above = judgeWords(words, parent)
		parent, turn = words, 1-turn
	}
	return above
}

// wordsOf splits a name: fooBar, foo_bar, foo-bar and FOO_BAR are foo and bar. A
// number at the end is no word.
func wordsOf(name string) []string { return appendWords(nil, name) }

// appendWords appends the words of a name to words, which has none.
func appendWords(words []string, name string) []string {
	start := -1 // of the word
	end := func(i int) {
		if start >= 0 {
			words = append(words, strings.ToLower(name[start:i]))
		}
		start = -1
	}
	var before rune
	for i, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end(i)
		case start < 0:
			start = i
		case unicode.IsUpper(r) && (!unicode.IsUpper(before) || beginsLower(name[i+utf8.RuneLen(r):])):
			end(i)
			start = i
		}
		before = r
	}
	end(len(name))
	if n := len(words); n > 0 {
		if words[n-1] = strings.TrimRight(words[n-1], "0123456789"); words[n-1] == "" {
			words = words[:n-1]
		}
	}
	return words
}

func beginsLower(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r)
}

// judgeWords returns what one name says, given the one above it.
func judgeWords(words, parent []string) verdict {
	v := vocabulary()
	last := words[len(words)-1]
	before := ""
	if len(words) > 1 {
		before = words[len(words)-2]
	}
	switch {
	case v.about[last], v.isNotSecret(words), last == "tokens" && v.counted[before]:
		return harmless
	case (last == "string" || last == "str") && (before == "connection" || before == "conn"), v.addresses[last]:
		return address
	case last == "key" || last == "keys":
		return judgeKey(words, parent)
	case last == "pass":
		if v.passes[before] {
			return harmless
		}
		return secret
	case v.secretAtEnd[last], slices.ContainsFunc(words, isSecretWord), hasSecretKey(words):
		return secret
	case v.perhaps[last]:
		return perhaps
	}
	return harmless
}

// judgeKey judges a name that ends with "key".
func judgeKey(words, parent []string) verdict {
	v := vocabulary()
	of := parent
	if len(words) > 1 {
		of = words[:len(words)-1]
	}
	if len(of) == 0 {
		return perhaps
	}
	before := of[len(of)-1]
	switch {
	case slices.ContainsFunc(words, isSecretWord), v.secretKeys[before]:
		return secret
	case len(words) == 1:
		return perhaps
	case v.harmlessKeys[before]:
		return harmless
	}
	return secret
}

// hasSecretKey tells of what is said of a secret key: access_key_id.
func hasSecretKey(words []string) bool {
	for i, w := range words[1:] {
		if (w == "key" || w == "keys") && vocabulary().secretKeys[words[i]] {
			return true
		}
	}
	return false
}

// isSecretWord tells whether a word of a name makes it secret, also where words
// are not set apart: "dbpassword".
func isSecretWord(word string) bool {
	if word == "passwordless" {
		return false
	}
	if hasOneOf(word, charsetOf(word), vocabulary().within) {
		return true
	}
	one := strings.TrimSuffix(word, "s")
	for _, s := range vocabulary().ends {
		if strings.HasSuffix(word, s) || strings.HasSuffix(one, s) {
			return true
		}
	}
	return false
}

// words are the names that are known.
type words struct {
	within       []hint   // words that are secret have one
	ends         []string // or one of these at their end
	secretAtEnd  map[string]bool
	about        map[string]bool // last words of what is said about a secret
	counted      map[string]bool // before tokens that are counted
	addresses    map[string]bool
	perhaps      map[string]bool
	secretKeys   map[string]bool // before "key"
	harmlessKeys map[string]bool
	passes       map[string]bool // before "pass"
	notSecret    [][]string      // whole names
}

// isNotSecret tells of a whole name that is none of a secret.
func (w *words) isNotSecret(name []string) bool {
	return slices.ContainsFunc(w.notSecret, func(known []string) bool { return slices.Equal(known, name) })
}

var vocabulary = sync.OnceValue(func() *words {
	set := func(text string) map[string]bool {
		m := map[string]bool{}
		for w := range strings.FieldsSeq(text) {
			m[w] = true
		}
		return m
	}
	return &words{
		within:      hintsOf(strings.Fields("password passwd passphrase apikey secretkey privatekey accesskey authtoken 密码 密钥 口令 令牌")),
		ends:        strings.Fields("secret token credential creds pwd passcode"),
		secretAtEnd: set("pin otp totp salt pepper mnemonic psk htpasswd kubeconfig dockerconfigjson keytab"),
		about: set(`file files filename path paths dir directory folder name names ref refs reference location length len size min max
			minimum maximum ttl expiry expire expires expiration exp timeout age lifetime validity duration interval period seconds
			minutes hours days ms millis policy policies type types url uri urls uris endpoint endpoints host hosts port ports enabled
			enable disabled required require allowed optional provider providers bucket buckets count limit limits quota rate attempts
			retries encoder encoding algorithm alg header headers prefix suffix field fields column param parameter rotation rotate
			issuer audience scope scopes store service services server manager region format label placeholder hint message error
			errors namespace version strength rule rules pattern regex mode source class check checks validation validator handler
			reset history changed updated complexity cache grant iterations rounds cost schema through engine backend driver mount index symbol
			address decimals review scanner scanning controller operator api username user`),
		counted:    set("max min maximum minimum prompt completion total num number n used input output count available remaining"),
		addresses:  set("dsn connectionstring connstring connstr connectionuri"),
		perhaps:    set("auth authorization bearer cookie cookies sid sessionid signature sig jwt pat sas license licence"),
		secretKeys: set("api access secret private encryption encrypt decryption signing sign signature master account shared auth authentication hmac aes rsa ssh tls ssl license storage license app consumer client crypto webhook session deploy service admin root integration subscription instrumentation"),
		harmlessKeys: set(`primary foreign partition sort routing cache public group row range shard message object lookup index unique
			config map composite natural join order dedup idempotency record event binding translation label resource metric column
			field hot press arrow function json property kv bucket prefix redis locale lock hash rate limit dead letter tag item node
			name value answer bind sorting business rule header query path form claim user tenant template context feature flag switch
			datasource data meta metadata annotation selector topology setting settings option entry attribute element base parent child
			known preferred enter return escape`),
		passes: set("proxy low high band all first second single multi by"),
		notSecret: [][]string{
			{"image", "pull", "secrets"}, {"secret", "name"}, {"key", "vault"}, {"password", "authentication"}, {"permit", "empty", "passwords"},
		},
	}
})
