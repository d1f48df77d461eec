package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"
)

func newTokenCommand() *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Make a token, and what a stack on AWS knows it by",
		Long: `Token prints two lines: a new random token, and the value of the secret in AWS Secrets Manager that lets a stack with
authorization TOKEN know who has it. The secret holds no token, only SHA-256 of each; with several tokens it is
{"admin": [HASH, HASH], "user": [HASH]}. 'handoff serve' takes the token itself.

` + exitCodes,
		Example: `  handoff token
  handoff token --role user`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if role != "admin" && role != "user" {
				return usageError(nil, "--role is admin or user, not %q", role)
			}
			token, secret := newToken(role)
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", token, secret)
			return ioError("write", err)
		},
	}
	cmd.Flags().StringVar(&role, "role", "admin", "`who` has the token: admin may deploy, user may score")
	cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"admin", "user"}, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // there is such a flag
	return cmd
}

// newToken gives a token of 256 random bits, and the secret that knows it.
func newToken(role string) (token, secret string) {
	var random [32]byte
	rand.Read(random[:]) //nolint:errcheck // never fails
	token = base64.RawURLEncoding.EncodeToString(random[:])
	hash := sha256.Sum256([]byte(token))
	return token, fmt.Sprintf(`{%q:[%q]}`, role, hex.EncodeToString(hash[:]))
}
