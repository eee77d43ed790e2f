package cmd

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"govctl/internal/settings"
)

const (
	// cacheLife is how long names are taken from the cache: while somebody types
	// one line.
	cacheLife = 10 * time.Second
	// maxCache bounds one file of the cache, in bytes. What is larger is asked for
	// each time.
	maxCache = 1 << 20
	// cacheLeftover is the age at which files of the cache are swept away.
	cacheLeftover = time.Hour
)

// completionCache keeps what registries answered when a word was completed: names
// and counts, in one file a back-end, in the user's cache folder. It is a help
// and no more: whatever is wrong with it, there is nothing in it.
type completionCache struct {
	dir string // "" where there is no cache folder
	now func() time.Time
}

// cachedOffers is what a file of the cache holds.
type cachedOffers struct {
	At     time.Time `json:"at"`
	Offers []offer   `json:"offers"`
}

// cacheKey names a back-end, the part of it that is asked, and who asks, without
// a secret: where that is kept is enough.
func cacheKey(b *settings.Backend, datacenter, namespace string) string {
	auth := settings.Auth{}
	if b.Auth != nil {
		auth = *b.Auth
	}
	who := []settings.Secret{auth.Token, auth.Username, auth.Password}
	text := fmt.Sprintf("%q %q %q %q %+v %s", b.URL, datacenter, namespace, b.Pos, b.TLS, who)
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// open returns the cache's own folder, which must be the user's own.
func (c completionCache) open() (*os.Root, error) {
	if c.dir == "" {
		return nil, fs.ErrNotExist
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(c.dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // the one inside stays
	for _, dir := range []string{"govctl", "govctl/completion"} {
		if err := root.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
			return nil, err
		}
		if info, err := root.Lstat(dir); err != nil || !info.IsDir() || !isOurs(info) {
			return nil, fs.ErrPermission // a link, or somebody else's
		}
	}
	return root.OpenRoot("govctl/completion")
}

// get returns what was put under key less than cacheLife ago.
func (c completionCache) get(key string) ([]offer, bool) {
	root, err := c.open()
	if err != nil {
		return nil, false
	}
	defer func() { _ = root.Close() }() // it was only read
	data, err := readOurs(root, key)
	if err != nil {
		return nil, false
	}
	var have cachedOffers
	if json.Unmarshal(data, &have) != nil {
		return nil, false
	}
	age := c.now().Sub(have.At)
	return have.Offers, age >= 0 && age < cacheLife
}

// readOurs returns the content of a file that is regular, the user's own, and
// not too large.
func readOurs(root *os.Root, name string) ([]byte, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() || !isOurs(before) || before.Size() > maxCache {
		return nil, fs.ErrInvalid
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) {
		return nil, fs.ErrInvalid
	}
	return io.ReadAll(io.LimitReader(f, maxCache))
}

// put keeps offers under key, where there are not too many.
func (c completionCache) put(key string, offers []offer) {
	data, err := json.Marshal(cachedOffers{At: c.now(), Offers: offers})
	if err != nil || len(data) > maxCache || len(offers) > maxOffers {
		return
	}
	root, err := c.open()
	if err != nil {
		return
	}
	defer func() { _ = root.Close() }() // what was written was closed
	c.sweep(root)
	tmp := key + "." + rand.Text()
	if writeNew(root, tmp, data) != nil || root.Rename(tmp, key) != nil {
		_ = root.Remove(tmp) // else sweep does, in an hour
	}
}

// writeNew writes a file that was not there, for the user alone.
func writeNew(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// sweep removes what no completion has needed for long.
func (c completionCache) sweep(root *os.Root) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && c.now().Sub(info.ModTime()) > cacheLeftover {
			_ = root.Remove(path.Base(e.Name())) // the next one tries again
		}
	}
}
