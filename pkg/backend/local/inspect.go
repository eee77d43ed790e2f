package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"govctl/pkg/doctor"
)

var _ doctor.Inspector = (*Inspector)(nil)

// Inspector says how a folder is.
type Inspector struct{ options Options }

// OpenInspector returns the inspector of the folder o.Root. It touches nothing.
func OpenInspector(o Options) (*Inspector, error) { return &Inspector{options: o}, nil }

// Inspect implements doctor.Inspector, for the roles registry and config. A
// folder that is not there is an empty one: the first write makes it.
func (in *Inspector) Inspect(_ context.Context, role doctor.Role) doctor.Report {
	root := in.options.Root
	r := doctor.Report{System: "local", Server: root, Identity: "this user", Findings: []doctor.Finding{}, Capabilities: []string{"list"}}
	if role == doctor.Registry {
		r.Capabilities = []string{"list", "watch", "register"}
	}
	began := in.options.Now()
	there, err := readable(root)
	r.LatencySeconds = in.options.Now().Sub(began).Seconds()
	r.Read, r.Write = doctor.Yes, writable(there)
	if there != root {
		r.Place = "not there yet"
	}
	if err == nil {
		return r
	}
	r.Read = doctor.No
	if errors.Is(err, fs.ErrPermission) {
		r.Find(doctor.Denied, root+" cannot be read: permission denied", hintFolder)
	} else {
		r.Find(doctor.NotThere, root+" cannot be read: "+plainReason(err), hintFolder)
	}
	return r
}

const hintFolder = "name a folder that this user may use: local://PATH"

// readable looks into root, or where that is not there into the nearest folder
// above that is, and returns which one.
func readable(root string) (there string, err error) {
	for there = root; ; there = filepath.Dir(there) {
		info, err := os.Stat(there)
		switch {
		case errors.Is(err, fs.ErrNotExist) && there != filepath.Dir(there):
			continue
		case err != nil:
			return there, err
		case !info.IsDir(): // seen before it is opened: a pipe would wait for its other end
			return there, errors.New("this is no folder")
		}
		dir, err := os.Open(there)
		if err == nil {
			_ = dir.Close() // it was only opened
		}
		return there, err
	}
}

// plainReason is err without the path and the call.
func plainReason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
