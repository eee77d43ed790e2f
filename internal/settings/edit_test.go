package settings_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

// edited loads ./govctl.yaml with the given text, has it changed by words ("use
// prod", "add prod URL", "rm prod"), and returns what the file then holds, or
// "MESSAGE|HINT".
func edited(t *testing.T, text, words string) string {
	t.Helper()
	w := newWorld(t)
	w.write("work/govctl.yaml", text)
	e, err := plan(t, w.load(), strings.Fields(words))
	if err != nil {
		if got := w.read("work/govctl.yaml"); got != text {
			t.Errorf("the file was changed: %q", got)
		}
		return said(t, err)
	}
	if err := e.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w.read("work/govctl.yaml")
}

func plan(t *testing.T, s *settings.Settings, words []string) (*settings.Edit, error) {
	t.Helper()
	switch words[0] {
	case "use":
		return s.Use(words[1])
	case "rm":
		return s.Remove(words[1])
	}
	d, err := settings.NewDraft(words[2:])
	if err != nil {
		return nil, err
	}
	d.Protected = words[0] == "add-protected"
	return s.Add(words[1], d)
}

// said returns "MESSAGE|HINT" of an *Error.
func said(t *testing.T, err error) string {
	t.Helper()
	e, ok := errors.AsType[*settings.Error](err)
	if !ok {
		t.Fatalf("%T: %v; want *settings.Error", err, err)
	}
	return e.Msg + "|" + e.Hint
}

// TestUseChangesOneWord also holds that whatever a person wrote around it stays.
func TestUseChangesOneWord(t *testing.T) {
	t.Parallel()
	const envs = "environments:\n  dev: {registry: consul://d}\n  prod: {registry: consul://p}\n  'true': {registry: consul://t}\n"
	for name, c := range map[string]struct{ text, env, want string }{
		"a word":              {"# mine\n\ndefault:   dev  # for now\n\n" + envs, "prod", "# mine\n\ndefault:   prod  # for now\n\n" + envs},
		"in quotes":           {"default: \"dev\" # x\n" + envs, "prod", "default: prod # x\n" + envs},
		"in single quotes":    {"default: 'dev'\n" + envs, "prod", "default: prod\n" + envs},
		"below its key":       {"default:\n  dev\n" + envs, "prod", "default:\n  prod\n" + envs},
		"a word for YAML":     {"default: dev\n" + envs, "true", "default: \"true\"\n" + envs},
		"in quotes of ours":   {"default: \"\\\"\"\n  # x\n" + envs + "  '\"': {registry: consul://q}\n", "dev", "default: dev\n  # x\n" + envs + "  '\"': {registry: consul://q}\n"},
		"the same":            {"default: 'dev'\n" + envs, "dev", "default: 'dev'\n" + envs},
		"CRLF":                {strings.ReplaceAll("default: dev\n"+envs, "\n", "\r\n"), "prod", strings.ReplaceAll("default: prod\n"+envs, "\n", "\r\n")},
		"after other letters": {"output: json\n" + envs + "color: \"auto\" # ä → ö\ndefault: dev", "prod", "output: json\n" + envs + "color: \"auto\" # ä → ö\ndefault: prod"},
		"missing":             {envs, "prod", "default: prod\n" + envs},
		"missing, CRLF":       {"# a\r\n\r\noutput: json\r\n" + envs, "prod", "# a\r\n\r\ndefault: prod\r\noutput: json\r\n" + envs},
		"missing, header":     {"# header\n" + envs, "prod", "# header\ndefault: prod\n" + envs},
		"missing, comment":    {"# header\n\n# all of ours\n" + envs, "prod", "# header\n\ndefault: prod\n# all of ours\n" + envs},
		"missing, start":      {"%YAML 1.1\n---\n" + envs, "prod", "%YAML 1.1\n---\ndefault: prod\n" + envs},
		"missing, set in":     {"  environments:\n    a: {registry: consul://a}\n    b: {registry: consul://b}\n", "b", "  default: b\n  environments:\n    a: {registry: consul://a}\n    b: {registry: consul://b}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, edited(t, c.text, "use "+c.env)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAddAppendsAsTheFileIsWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, words, want string }{
		"two blanks": {
			"environments:\n  dev:\n    registry: consul://d\n", "add prod consul://p:8500/config/prod",
			"environments:\n  dev:\n    registry: consul://d\n  prod:\n    registry: consul://p:8500\n    config: consul://p:8500/config/prod\n",
		},
		"four blanks": {
			"environments:\n    dev:\n        registry: consul://d\n", "add-protected prod registry=consul://p",
			"environments:\n    dev:\n        registry: consul://d\n    prod:\n        protected: true\n        registry: consul://p\n",
		},
		"mixed": {
			"environments:\n    dev:\n      registry: consul://d\n    x: {registry: consul://x}\n", "add prod registry=consul://p",
			"environments:\n    dev:\n      registry: consul://d\n    x: {registry: consul://x}\n    prod:\n      registry: consul://p\n",
		},
		"no line end": {
			"environments:\n  dev: {registry: consul://d}", "add prod registry=consul://p",
			"environments:\n  dev: {registry: consul://d}\n  prod:\n    registry: consul://p\n",
		},
		"CRLF": {
			"environments:\r\n  dev: {registry: consul://d} # x\r\n\r\ncolor: auto\r\n", "add prod registry=consul://p",
			"environments:\r\n  dev: {registry: consul://d} # x\r\n  prod:\r\n    registry: consul://p\r\n\r\ncolor: auto\r\n",
		},
		"settings below": {
			"environments:\n  dev:\n    registry: consul://d\n    # of dev\n\n# how to print\noutput: json\n", "add prod registry=consul://p",
			"environments:\n  dev:\n    registry: consul://d\n    # of dev\n  prod:\n    registry: consul://p\n\n# how to print\noutput: json\n",
		},
		"nothing there":       {"timeout: 1s # x", "add prod registry=consul://p", "timeout: 1s # x\nenvironments:\n  prod:\n    registry: consul://p\n"},
		"nothing there, CRLF": {"timeout: 1s\r\n", "add prod registry=consul://p", "timeout: 1s\r\nenvironments:\r\n  prod:\r\n    registry: consul://p\r\n"},
		"braces":              {"environments: {}  # none yet\ncolor: auto\n", "add prod registry=consul://p", "environments:  # none yet\n  prod:\n    registry: consul://p\ncolor: auto\n"},
		"braces, no line end": {"environments: { }", "add prod registry=consul://p", "environments:\n  prod:\n    registry: consul://p\n"},
		"a document's end":    {"environments:\n  dev: {registry: consul://d}\n...\n", "add prod registry=consul://p", "environments:\n  dev: {registry: consul://d}\n  prod:\n    registry: consul://p\n...\n"},
		"words for YAML":      {"environments:\n  dev: {registry: consul://d}\n", "add null nacos://p?namespace=a&x=%23", "environments:\n  dev: {registry: consul://d}\n  \"null\":\n    registry: nacos://p?namespace=a&x=%23\n    config: nacos://p?namespace=a&x=%23\n"},
		"words for YAML 1.1":  {"environments:\n  dev: {registry: consul://d}\n", "add no registry=consul://p", "environments:\n  dev: {registry: consul://d}\n  \"no\":\n    registry: consul://p\n"},
		"a folder":            {"environments:\n  dev: {registry: consul://d}\n", "add here local://data", "environments:\n  dev: {registry: consul://d}\n  here:\n    registry: local://data\n    config: local://data\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, edited(t, c.text, c.words)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRemoveTakesTheCommentAboveWithIt(t *testing.T) {
	t.Parallel()
	const text = "# head\ndefault: b\nenvironments:\n  # of a\n  # of a too\n  a:\n    registry: consul://a # x\n    # in a\n\n  # about nothing\n\n" +
		"  # of b\n  b: {registry: consul://b}\n\n  # of c\n  c:\n    registry: {url: \"consul://c\",\n      tls: {insecure: true}}\n\n# how\noutput: json\n"
	for env, want := range map[string]string{
		"a": "# head\ndefault: b\nenvironments:\n  # about nothing\n\n" +
			"  # of b\n  b: {registry: consul://b}\n\n  # of c\n  c:\n    registry: {url: \"consul://c\",\n      tls: {insecure: true}}\n\n# how\noutput: json\n",
		"c": "# head\ndefault: b\nenvironments:\n  # of a\n  # of a too\n  a:\n    registry: consul://a # x\n    # in a\n\n  # about nothing\n\n" +
			"  # of b\n  b: {registry: consul://b}\n\n# how\noutput: json\n",
	} {
		for _, eol := range []string{"\n", "\r\n"} {
			got := edited(t, strings.ReplaceAll(text, "\n", eol), "rm "+env)
			if diff := cmp.Diff(strings.ReplaceAll(want, "\n", eol), got); diff != "" {
				t.Errorf("%s, %q: -want +got:\n%s", env, eol, diff)
			}
		}
	}
}

// TestRemoveLeavesTheCommentsOfOthers has some that stand far in at the very end,
// behind others that are about nothing.
func TestRemoveLeavesTheCommentsOfOthers(t *testing.T) {
	t.Parallel()
	const rest = "\n  # about nothing\n# at the margin\n    # far in\n"
	const a = "environments:\n  a: {registry: consul://a}\n"
	if diff := cmp.Diff(a+rest, edited(t, a+"  b:\n    registry: consul://b\n\n    # of b\n"+rest, "rm b")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhatIsAddedCanBeRemovedWithoutATrace(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"default: dev\nenvironments:\n  dev: {registry: consul://d}\n",
		"default: dev\nenvironments:\n  # of dev\n  dev:\n    registry: consul://d\n\n# below\noutput: json\n",
		"default: dev\r\nenvironments:\r\n    dev:\r\n        registry: consul://d\r\n    # staging: later\r\ntimeout: 1s\r\n",
	} {
		added := edited(t, text, "add prod consul://p/x")
		if got := edited(t, added, "rm prod"); got != text || added == text {
			t.Errorf("%q became %q, then %q", text, added, got)
		}
	}
}

// TestWhatCannotBeEditedSaysWhatToWrite pins the refusals; none touches the
// file.
func TestWhatCannotBeEditedSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	const flow = "environments: {dev: {registry: consul://d}, x: {registry: consul://x}}\n"
	const block = "environments:\n  dev: {registry: consul://d}\n  x: {registry: consul://x}\n"
	const byHand = `write by hand, under environments: prod: {registry: "consul://p"}`
	for name, c := range map[string]struct{ text, words, want string }{
		"braces, add":      {flow, "add prod registry=consul://p", "govctl.yaml:1: environments stands in braces, which govctl does not edit|" + byHand},
		"braces, rm":       {"\n" + flow, "rm dev", `govctl.yaml:2: environments stands in braces, which govctl does not edit|delete environment "dev" by hand`},
		"all in braces":    {"{" + strings.TrimSpace(flow) + "}", "use dev", "govctl.yaml:1: the file stands in braces, which govctl does not edit|write by hand: default: dev"},
		"elsewhere":        {"default: &d dev\n" + block, "use x", `govctl.yaml:1: "default" is written in a way that govctl does not edit|write by hand: default: x`},
		"over two lines":   {"default: |-\n  dev\n" + block, "use x", `govctl.yaml:1: "default" is written in a way that govctl does not edit|write by hand: default: x`},
		"braces, comment":  {"environments: { # a\n}\n", "add prod registry=consul://p", "govctl.yaml:1: environments is written in a way that govctl does not edit|" + byHand},
		"used by another":  {"environments:\n  a: &a {registry: consul://a}\n  b: *a\n  c: *a\n", "rm a", `govctl.yaml:1: the file is written in a way that govctl cannot change without changing more|delete environment "a" by hand`},
		"another meaning":  {"environments:\n  a: &x {registry: consul://a}\n  b: &x {registry: consul://b}\n  c: *x\n", "rm b", `govctl.yaml:1: the file is written in a way that govctl cannot change without changing more|delete environment "b" by hand`},
		"a mark":           {"\ufeff" + block, "use x", "govctl.yaml:1: the file has line breaks or a mark that govctl does not edit|write by hand: default: x"},
		"odd line breaks":  {block + "# \u2028\n", "use x", "govctl.yaml:1: the file has line breaks or a mark that govctl does not edit|write by hand: default: x"},
		"the default":      {"default: dev\n" + block, "rm dev", "govctl.yaml:1: environment \"dev\" is the default|`govctl env use NAME` makes another one the default"},
		"the only one":     {"environments:\n  dev: {registry: consul://d}\n", "rm dev", "govctl.yaml:2: environment \"dev\" is the only one|`govctl env add NAME URL` another one first"},
		"here already":     {block, "add x consul://p", "govctl.yaml:3: environment \"x\" is here already|`govctl env rm x` first, or another name"},
		"unknown, near":    {block, "use dve", `environment "dve" is not in ./govctl.yaml (did you mean "dev"?)|it has dev, x`},
		"unknown, far":     {block, "rm production", "environment \"production\" is not in ./govctl.yaml|it has dev, x; `govctl env add production URL` adds one"},
		"a bad name":       {block, "add -x consul://p", `an environment cannot be named "-x": a name has no blanks and does not begin with a dash|a name is a word like dev or prod-eu`},
		"no UTF-8":         {block, "add a\xff consul://p", `an environment cannot be named "a\xff": a name has no blanks and does not begin with a dash|a name is a word like dev or prod-eu`},
		"a credential":     {block, "add prod consul://u:CANARY@p", `"registry": a user or password stands in the clear in the URL|add it without, then write registry: {url: …, auth: {token: {env: NAME}}} into the file`},
		"a token":          {block, "add prod consul://p?token=CANARY", `"registry": a token stands in the clear in the URL|add it without, then write registry: {url: …, auth: {token: {env: NAME}}} into the file`},
		"an odd system":    {block, "add prod consl://p", `"registry": unknown system "consl" (did you mean "consul"?)|it is one of consul, local, nacos, jaeger, zipkin, tempo, prometheus, eureka, etcd, zookeeper`},
		"no URL":           {block, "add prod p:8500", "what stands after the name must be URLs|write it like consul://127.0.0.1:8500, or registry=URL config=URL"},
		"an odd role":      {block, "add prod registyr=consul://p", `"registyr" is nothing that an environment has (did you mean "registry"?)|it is one of registry, config, traces, metrics`},
		"nothing for it":   {block, "add prod registry=", "an environment needs a URL|write it like consul://127.0.0.1:8500"},
		"two for traces":   {block, "add prod jaeger://a zipkin://b", "several URLs for traces|say which is which: registry=URL config=URL traces=URL metrics=URL"},
		"three registries": {block, "add prod consul://a nacos://b local://c", "several URLs for registry and config|say which is which: registry=URL config=URL traces=URL metrics=URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, edited(t, c.text, c.words)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAURLGoesWhereItsSystemServes(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]settings.Draft{
		"consul://a":                           {Registry: "consul://a", Config: "consul://a"},
		"consul+https://a:1,b/x/y?dc=eu":       {Registry: "consul+https://a:1,b?dc=eu", Config: "consul+https://a:1,b/x/y?dc=eu"},
		"consul://a consul://a/x":              {Registry: "consul://a", Config: "consul://a/x"},
		"nacos://a?namespace=x/y jaeger://j":   {Registry: "nacos://a?namespace=x/y", Config: "nacos://a?namespace=x/y", Traces: "jaeger://j"},
		"tempo://t prometheus://p eureka://e":  {Registry: "eureka://e", Traces: "tempo://t", Metrics: "prometheus://p"},
		"registry=consul://a local://c":        {Registry: "consul://a", Config: "local://c"},
		"config=consul://a nacos://n":          {Registry: "nacos://n", Config: "consul://a"},
		"traces=local://t metrics=consul://m":  {Traces: "local://t", Metrics: "consul://m"},
		"local:///a=b/c registry=consul://a/x": {Registry: "consul://a/x", Config: "local:///a=b/c"},
	} {
		got, err := settings.NewDraft(strings.Fields(words))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", words, got, err, want)
		}
	}
}

func TestARelativeFolderIsTheOneThatTheUserSees(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("govctl.yaml", "environments:\n  dev: {registry: consul://d}\n")
	d, err := settings.NewDraft([]string{"local://data"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := w.load().Add("here", d)
	if err != nil {
		t.Fatal(err)
	}
	dir := "local://" + w.path("work/data")
	want := []string{"+   here:", "+     registry: " + dir, "+     config: " + dir}
	if diff := cmp.Diff(want, e.Diff()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestADiffShowsWhatGoesAndWhatComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", "default: a\r\nenvironments:\r\n  a: {registry: consul://a}\r\n  b: {registry: consul://b}\r\n")
	e, err := w.load().Use("b")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"- default: a", "+ default: b"}, e.Diff()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzEdit holds every edit to its promise: it fails and changes nothing, or the
// lines that it does not mention are those of before, in their order.
func FuzzEdit(f *testing.F) {
	f.Add("default: dev # x\nenvironments:\n  # c\n  dev: {registry: consul://d}\n\n  b: {registry: consul://b}\n\n# end\ncolor: auto", "use b")
	f.Add("# a\r\nenvironments:\r\n    dev:\r\n        registry: consul://d\r\n    b: &b {registry: consul://b}\r\n    c: *b\r\n", "rm b")
	f.Add("environments: {}", "add b consul://x")
	f.Fuzz(func(t *testing.T, text, words string) {
		parts := strings.Fields(words)
		if len(parts) < 2 || parts[0] != "use" && parts[0] != "rm" && parts[0] != "add" {
			return
		}
		w := newWorld(t)
		w.write("work/govctl.yaml", text)
		s, err := settings.Load(w.inputs())
		if err != nil {
			return
		}
		e, err := plan(t, s, parts)
		if err != nil {
			said(t, err)
			return
		}
		if err := e.Write(t.Context()); err != nil {
			t.Fatal(err)
		}
		gone, come := 0, 0
		for _, l := range e.Diff() {
			if l[0] == '-' {
				gone++
			} else {
				come++
			}
		}
		after := w.read("work/govctl.yaml")
		if parts[0] != "rm" && gone > 1 || parts[0] == "rm" && come > 0 || parts[0] == "use" && come > 1 {
			t.Errorf("%q, %s: %d lines went and %d came: %q", text, words, gone, come, after)
		}
		if _, err := settings.Load(w.inputs()); err != nil {
			t.Errorf("%q, %s: %q does not load: %v", text, words, after, err)
		}
	})
}
