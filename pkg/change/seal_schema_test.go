package change_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"govctl/pkg/change"
)

// schemaFile tells what stands in the file of a plan.
const schemaFile = "../../docs/plan.schema.json"

func TestTheSchemaOfPlansTakesWhatIsSaved(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	fits := func(file string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	s := newStore()
	for name, from := range map[string]change.Origin{
		"an item": {Item: "order/app.yaml", At: 10, Bytes: 7}, "a variable": {Env: "NAME"}, "a file": {File: "word"},
		"another environment": {Environment: "test", Identity: "other", Item: "a/b", Revision: "9", Bytes: 1},
	} {
		plan := saved(t, newStore())
		plan.Changes[0].After.Parts[2].Secret.From = from
		if err := fits(string(encode(t, plan))); err != nil {
			t.Errorf("a secret of %s: %v", name, err)
		}
	}
	file := encode(t, saved(t, s))
	for old, text := range map[string]string{
		`"govctlPlan": 1`: `"govctlPlan": 2`, `"by":`: `"of":`, `"item": "order/new"`: `"item": "new"`, `"bytes": 18`: `"bytes": "18"`,
		`"from": {`: `"from": { "env": "A",`, `"id": "7f`: `"id": "xf`, `"name": "base/`: `"name": "plan/`, `"item": "order/old",`: `"item": "order/old", "mode": 1,`,
	} {
		if !bytes.Contains(file, []byte(old)) {
			t.Errorf("%s stands nowhere", old)
		}
		if fits(strings.Replace(string(file), old, text, 1)) == nil {
			t.Errorf("it takes %s", text)
		}
	}
}
