package mask

import (
	"regexp"
	"strings"
	"sync"
)

// form is a secret that is known by how it looks.
type form struct {
	hints []hint                 // it holds one of these
	re    func() *regexp.Regexp  // compiled when it is needed: all of them take milliseconds
	group int                    // the part that is secret
	fits  func(part string) bool // nil: always
}

var forms = sync.OnceValue(func() []form {
	of := func(pattern string, group int, hints []string) form {
		re := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
		return form{hintsOf(hints), re, group, nil}
	}
	known := func(pattern string, hints ...string) form { return of(pattern, 0, hints) }
	within := func(pattern string, hints ...string) form { return of(pattern, 1, hints) }
	checked := func(f form, fits func(string) bool) form { f.fits = fits; return f }
	return []form{
		// URLs and DSNs: the password alone, or a token in place of the user.
		within(`://[^\s/?#"'<>:@]*:([^\s/?#"'<>]+)@`, "://"),
		checked(within(`://[^\s/?#"'<>:@]*:([^\s"'<>@/?#]*[/?#][^\s"'<>@]*)@`, "://"), func(s string) bool {
			return strings.Trim(upTo(s, "/?#"), "0123456789") != "" // else that is a port
		}),
		checked(within(`://([\w.~%\-]{16,})@`, "://"), looksRandom),
		within(`[\w.\-]+:([^\s"'<>]+)@\w*\(`, "@"),
		checked(within(`\b(?:[\w.+\-]+):([^\s"'<>@:/]+)@[\w.\-]*[A-Za-z\d]:\d{2,5}\b`, "@"), func(s string) bool { return !strings.Contains(s, Marker) }),
		within(`jdbc:oracle:\w+:[^\s/:@"']+/([^\s@"']+)@`, "jdbc:oracle"),
		within(`(?:\s-u|--user)[ =]["']?[\w.@+\-]+:([^\s"']+)`, "-u", "--user"),

		// Tokens of well-known makers.
		known(`\beyJ[\w\-]{4,}(?:\.[\w\-]*){2,4}`, "eyJ"),
		known(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\w*`, "AKIA", "ASIA", "ABIA", "ACCA"),
		known(`\bgh[pousr]_[A-Za-z0-9]{16,}`, "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
		known(`\bgithub_pat_\w{16,}`, "github_pat_"),
		known(`\bgl(?:pat|dt|rt|ptt|ft|soat)-[\w.\-]{16,}`, "glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glsoat-"),
		known(`\bxox[a-z]-[\w\-]{8,}`, "xox"),
		known(`\bxapp-\d-[\w\-]{8,}`, "xapp-"),
		within(`hooks\.slack\.com/(?:services|workflows|triggers)/([\w/\-]+)`, "hooks.slack.com"),
		within(`(?:discord(?:app)?\.com/api/webhooks|webhook\.office\.com/webhookb2|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=)/?([\w/@\-]+)`, "webhook"),
		known(`\b[srp]k_(?:live|test)_[A-Za-z0-9]{8,}`, "k_live_", "k_test_"),
		known(`\bwhsec_[\w+/=\-]{8,}`, "whsec_"),
		known(`\bAIza[\w\-]{30,}`, "AIza"),
		known(`\bya29\.[\w\-]{8,}`, "ya29."),
		known(`\bGOCSPX-[\w\-]{16,}`, "GOCSPX-"),
		known(`\b(?:npm_|pypi-|dckr_pat_|dop_v1_|doo_v1_|dor_v1_|shpat_|shpss_|NRAK-|lin_api_|rubygems_|hf_|glc_|glsa_)[\w\-]{16,}`, "npm_", "pypi-", "dckr_pat_", "_v1_", "shp", "NRAK-", "lin_api_", "rubygems_", "hf_", "glc_", "glsa_"),
		known(`\bSG\.[\w\-]{12,}\.[\w\-]{12,}`, "SG."),
		known(`\bSK[0-9a-f]{32}\b`, "SK"),
		known(`\bsk-[\w\-]{16,}`, "sk-"),
		known(`\bkey-[0-9a-f]{32}\b`, "key-"),
		known(`\bhv[sbr]\.[\w\-]{16,}`, "hvs.", "hvb.", "hvr."),
		known(`\bs\.[A-Za-z0-9]{24}\b`, "s."),
		known(`\bLTAI[A-Za-z0-9]{12,}`, "LTAI"),
		known(`\bAKID[A-Za-z0-9]{13,}`, "AKID"),
		known(`\b\d{8,10}:AA[\w\-]{30,}`, ":AA"),
		known(`\bAGE-SECRET-KEY-1[A-Z0-9]+`, "AGE-SECRET-KEY-"),
		known(`\$(?:2[abxy]?|5|6|y|1|apr1)\$[\w./$=,]{12,}`, "$"),
		known(`\$(?:argon2\w*|scrypt|pbkdf2[\w\-]*)\$[\w./$=,+\-]{12,}`, "$argon2", "$scrypt", "$pbkdf2"),
		checked(within(`(?:^|[^\w+/\-=])([A-Za-z0-9+/]{86}==)(?:[^\w+/=]|$)`, "=="), nil),

		// Sentences, and what is said word by word.
		checked(within(`(?i)\b(?:password|passwd|passphrase|secret|token|api key)[ \t]+(?:is|was|to)[ \t]+["']?([^\s"',]+)`, "asswor", "asswd", "assphrase", "ecret", "oken", "ASSW", "PI key", "pi key"), func(s string) bool {
			return !isWord(strings.TrimRight(s, ".,:;!?)"))
		}),
		within(`(?i)\blogin\s+\S+\s+password\s+(\S+)`, "login"),
		checked(within(`(?im)^[ \t]*(?:password|passwd|secret|token|requirepass|masterauth)[ \t]+([^\s:=]\S*)[ \t]*\r?$`, "asswor", "asswd", "ecret", "oken", "requirepass", "masterauth"), func(s string) bool { return !strings.HasPrefix(s, "=") }),

		// Authorization: SCHEME CREDENTIAL. In prose a plain word follows.
		checked(within(`(?i)\b(?:bearer|basic|apikey|negotiate|ntlm)[ \t]+["']?([\w+/=.~\-]{6,})`, "earer", "EARER", "asic", "ASIC", "pikey", "piKey", "egotiate", "NTLM"), func(s string) bool {
			return strings.ContainsAny(s, "0123456789=+/_") || strings.ToLower(s[1:]) != s[1:]
		}),
		within(`(?i)authorization["'\\]*[ \t]*[:=][ \t]*["'\\]*[a-z][\w\-]*[ \t]+([^\s"',;\\]{6,})`, "uthorization", "UTHORIZATION"),
	}
})

// upTo returns s up to the first of some characters.
func upTo(s, chars string) string {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i]
	}
	return s
}

// pem is a block of PEM that is not public. It may be cut off at the end.
var pem = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)-----BEGIN ([A-Z0-9 ]*)-----.*?(?:-----END [A-Z0-9 ]*-----(?:\\n)?|\z)`)
})

// byForm masks what is secret wherever it stands. Line by line: few lines have
// what makes it worth to look.
func (m *Masker) byForm(text string) string {
	var hinted []*form
	in, all := charsetOf(text), forms()
	for i := range all {
		if f := &all[i]; hasOneOf(text, in, f.hints) {
			hinted = append(hinted, f)
		}
	}
	if hinted == nil {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		for _, f := range hinted {
			if hasOneOf(line, charsetOf(line), f.hints) {
				line = m.replace(line, f)
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// replace masks the part of each match that is secret.
func (m *Masker) replace(text string, f *form) string {
	var b strings.Builder
	done := 0
	for _, at := range f.re().FindAllStringSubmatchIndex(text, -1) {
		start, end := at[2*f.group], at[2*f.group+1]
		part := text[start:end]
		if isMasked(part) || isHarmlessValue(part) || f.fits != nil && !f.fits(part) {
			continue
		}
		b.WriteString(text[done:start])
		b.WriteString(m.Hash(part))
		done = end
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

// pems masks blocks of PEM, whole.
func (m *Masker) pems(text string) string {
	if !strings.Contains(text, "-----BEGIN ") {
		return text
	}
	return pem().ReplaceAllStringFunc(text, func(block string) string {
		label, _, _ := strings.Cut(strings.TrimPrefix(block, "-----BEGIN "), "-----")
		for _, public := range []string{"CERTIFICATE", "PUBLIC KEY", "X509 CRL", "PARAMETERS", "PGP MESSAGE", "SIGNED MESSAGE", "SIGNATURE"} {
			whole := strings.Count(block, "-----BEGIN ") == 1 && strings.Contains(block, "-----END "+label+"-----")
			if whole && strings.Contains(label, public) {
				return block
			}
		}
		return m.Hash(block)
	})
}
