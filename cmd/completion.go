package cmd

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newCompletionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "completion bash|zsh|fish|powershell",
		Short:   "Print the script that completes govctl in a shell",
		GroupID: groupSetup,
		Long: "Print the script with which a shell completes govctl's commands, flags and names. To have\n" +
			"it in every new shell:\n\n" +
			"  bash        in ~/.bashrc: source <(govctl completion bash)\n" +
			"  zsh         in ~/.zshrc, below compinit: source <(govctl completion zsh)\n" +
			"  fish        govctl completion fish > ~/.config/fish/completions/govctl.fish\n" +
			"  powershell  in $PROFILE:\n" +
			"              govctl completion powershell | Out-String | Invoke-Expression\n\n" +
			"Names of environments come from the settings; those of services and instances are asked of\n" +
			"the registry, silently, for a second at most, and kept for ten seconds in the user's cache\n" +
			"folder. A registry whose credential a command prints is not asked: pressing TAB runs no\n" +
			"program. Names with blanks, or with signs that mean something to a shell, are left out.",
		Example:   "  govctl completion bash > govctl.bash\n  govctl completion zsh > _govctl",
		ValidArgs: shells(),
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 1 && !slices.Contains(shells(), args[0]) {
				hint := didYouMean(args[0], shells(), "it is one of "+strings.Join(shells(), ", "))
				return withHint(fmt.Errorf("there is no completion for %q", args[0]), hint)
			}
			return exactly(1, "the name of a shell")(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			script, err := completionScript(c.Root(), args[0])
			if err != nil {
				return fmt.Errorf("write the completion script: %w", err)
			}
			_, err = a.Stdout.Write(script)
			return err
		},
	}
}

// shells are those that there is a completion script for.
func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// completionScript returns the script that completes root's commands in shell,
// one of shells.
func completionScript(root *cobra.Command, shell string) ([]byte, error) {
	generate := map[string]func(io.Writer) error{
		"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"zsh":        root.GenZshCompletion,
		"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"powershell": root.GenPowerShellCompletionWithDesc,
	}[shell]
	var b bytes.Buffer
	if err := generate(&b); err != nil {
		return nil, err
	}
	if shell == "bash" {
		return bytes.Replace(b.Bytes(), []byte(bashWords), []byte(bashWordsAlone), 1), nil
	}
	return b.Bytes(), nil
}

// bashWords is where cobra's script needs the package bash-completion, and
// bashWordsAlone what does without it: bash splits words at = and : too, and
// what stands together in the line is put together again.
const (
	bashWords      = `    _get_comp_words_by_ref "$@" cur prev words cword` + "\n"
	bashWordsAlone = `    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
    ` + bashWords + `        return
    fi

    local line=${COMP_LINE:0:COMP_POINT} i word together
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        together=$((i > 0))
        if [[ $line == [[:blank:]]* ]]; then
            together=0
            line=${line#"${line%%[![:blank:]]*}"}
        fi
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$line
        line=${line#"$word"}
        if ((together)); then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
    done
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
    prev=
    ((cword == 0)) || prev=${words[cword - 1]}
`
)
