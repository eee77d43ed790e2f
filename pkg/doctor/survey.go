package doctor

import "context"

// Survey is what a server has that environments can be made of.
type Survey struct {
	// Version is the server's, "" where it does not tell.
	Version string
	// Services are the names of those that are registered, or have traces, sorted.
	Services []string
	// Folders are those of the configuration, down to the second level, sorted:
	// "config", "config/dev".
	Folders []string
	// Datacenters are those that the server knows, its own included, sorted.
	Datacenters []string
}

// Surveyor is an Inspector that can list what is there.
type Surveyor interface {
	Inspector
	// Survey asks for all at once. It fails where the services cannot be had; what
	// else may not be read is left out.
	Survey(ctx context.Context) (Survey, error)
}
