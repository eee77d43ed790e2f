package render

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// Query is an expression of jq. What is written with one is what the expression
// makes of the JSON: one value a line, strings as they are and all others as
// compact JSON. It sees neither variables of the environment nor files.
type Query struct {
	ctx  context.Context // bounds every run: writers know none
	code *gojq.Code
}

// QueryError is an expression that failed over an answer.
type QueryError struct {
	Err error
	// Partial says that values were written before.
	Partial bool
}

// Error returns what went wrong.
func (e *QueryError) Error() string { return "jq: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *QueryError) Unwrap() error { return e.Err }

// NewQuery compiles text. Each run ends with ctx. The error says what is wrong,
// and where.
func NewQuery(ctx context.Context, text string) (*Query, error) {
	parsed, err := gojq.Parse(text)
	if err != nil {
		return nil, located(text, err)
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, err // it names what is not defined
	}
	return &Query{ctx: ctx, code: code}, nil
}

// located adds to err the place in text at which parsing ended.
func located(text string, err error) error {
	e, ok := errors.AsType[*gojq.ParseError](err)
	if !ok {
		return err
	}
	if e.Offset >= len(text) && e.Token == "" {
		return fmt.Errorf("%w at its end", err)
	}
	before := text[:min(max(e.Offset-len(e.Token), 0), len(text))]
	return fmt.Errorf("%w at character %d", err, utf8.RuneCountInString(before)+1)
}

// runs is one Query at work on w.
type runs struct {
	*Query
	w       *bufio.Writer
	options Options
	written int // values
}

func newRuns(w io.Writer, o Options) *runs {
	return &runs{Query: o.Query, w: bufio.NewWriterSize(w, 64<<10), options: o}
}

// over runs the expression over input and writes its values, the last of them
// when flushed.
func (r *runs) over(input any) error {
	values := r.code.RunWithContext(r.ctx, input)
	for {
		v, more := values.Next()
		if !more {
			return nil
		}
		if err, failed := v.(error); failed {
			return r.failure(err)
		}
		line, err := r.line(v)
		if err != nil {
			return r.failure(err)
		}
		if _, err := r.w.Write(line); err != nil {
			return err
		}
		r.written++
	}
}

// failure is how a run ends with err: well, where the expression itself halted.
func (r *runs) failure(err error) error {
	if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
		return nil
	}
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	return &QueryError{Err: err, Partial: r.written > 0}
}

// line returns v as it is written. On a terminal a string is made safe but for its
// tabs, which do no harm and come of @tsv.
func (r *runs) line(v any) ([]byte, error) {
	if text, ok := v.(string); ok {
		if r.options.Width > 0 {
			parts := strings.Split(text, "\t")
			for i := range parts {
				parts[i] = Safe(parts[i])
			}
			text = strings.Join(parts, "\t")
		}
		return append([]byte(text), '\n'), nil
	}
	compact, err := gojq.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append(appendCompact(nil, compact), '\n'), nil
}

// queryList runs the Query over the whole list. Where Items ended with an error it
// is run over what came before, and that error returned; n counts the values.
func queryList[T any](w io.Writer, o Options, l List[T]) (n int, err error) {
	enc, items := newEncoder(), []any{}
	for item, itemErr := range l.Items {
		if err = itemErr; err != nil {
			break
		}
		var input any
		if input, err = encoded(enc, &item); err != nil {
			break
		}
		items = append(items, input)
	}
	if len(items) == 0 && err != nil {
		return 0, err
	}
	r := newRuns(w, o)
	if failed := r.over(items); err == nil {
		err = failed
	}
	if flushed := r.w.Flush(); err == nil {
		err = flushed
	}
	return r.written, err
}

// overJSON runs the expression over the JSON of v, and flushes.
func (r *runs) overJSON(v any) error {
	input, err := encoded(newEncoder(), v)
	if err != nil {
		return err
	}
	err = r.over(input)
	if flushed := r.w.Flush(); err == nil {
		err = flushed
	}
	return err
}

// encoded returns the JSON of v as an input. Numbers keep their digits.
func encoded(enc *encoder, v any) (any, error) {
	compact, err := enc.encode(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(compact))
	d.UseNumber()
	var input any
	err = d.Decode(&input)
	return input, err
}
