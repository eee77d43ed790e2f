package registry

import (
	"fmt" // want gci gofumpt
	"govctl/internal/golden"
)

func formatted() string { return fmt.Sprint(golden.Update()) }

var _ = formatted
