// Breaches of every rule of our own in .golangci.yml, each line marked with the
// linter that must report it. See tools/lint-rules.
module govctl

go 1.26.0

require (
	github.com/spf13/cobra v0.0.0
	github.com/spf13/viper v0.0.0
)

replace (
	github.com/spf13/cobra => ./stub/cobra
	github.com/spf13/viper => ./stub/viper
)
