package lambda_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/catalog"
)

func TestFunctionName(t *testing.T) {
	for _, c := range []struct{ stage, id, want string }{
		{"dev", "iris", "handoff-dev-m-iris-47612b3175fe"},
		{"dev", "Iris", "handoff-dev-m-Iris-"},
		{"prod", "credit.score_v2", "handoff-prod-m-credit-score-v2-"},
		{"prod", "credit-score_v2", "handoff-prod-m-credit-score-v2-"},
		{"p", "a.-_", "handoff-p-m-a-"},
		{"p", "exactly.twenty-four.char", "handoff-p-m-exactly-twenty-four-char-"},
		{"p", "cut.where.a.dot.stands..x", "handoff-p-m-cut-where-a-dot-stands-"},
		{"abcdefghijkl", strings.Repeat("x", catalog.MaxID), "handoff-abcdefghijkl-m-" + strings.Repeat("x", 24) + "-"},
	} {
		got := lambda.FunctionName(c.stage, c.id)
		hash, ok := strings.CutPrefix(got, c.want)
		if !ok || hash != "" && !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(hash) || len(got) > 64 {
			t.Errorf("%s in %s has the function %s, want %s…", c.id, c.stage, got, c.want)
		}
	}
}

func TestModelsDoNotShareFunctions(t *testing.T) {
	long := strings.Repeat("x", 127)
	seen := map[string]string{}
	for _, id := range []string{"a.b", "a_b", "a-b", "A.b", "a.b.", "a.b-", long + "1", long + "2", long} {
		name := lambda.FunctionName("dev", id)
		if other, taken := seen[name]; taken {
			t.Errorf("%s and %s share %s", id, other, name)
		}
		seen[name] = id
	}
}
