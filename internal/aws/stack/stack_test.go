package stack_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/handoff-pmml/handoff/internal/aws/stack"
)

func TestEnvironment(t *testing.T) {
	e := stack.NewEnvironment(func(name string) string {
		return map[string]string{"TEXT": "a", "NUMBER": "7", "ZERO": "0", "WORD": "x", "LIST": " a, b,,c "}[name]
	})
	if e.Text("TEXT") != "a" || e.Or("TEXT", "z") != "a" || e.Or("NONE", "z") != "z" || e.Number("NUMBER") != 7 || e.Err() != nil {
		t.Errorf("%v", e.Err())
	}
	if got := e.List("LIST"); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%q", got)
	}
	if got := e.List("NONE"); got != nil {
		t.Errorf("%q", got)
	}
	e.Text("NONE")
	e.Number("ZERO")
	e.Number("WORD")
	e.Number("MISSING")
	const want = "NONE is not set\nZERO is \"0\", not a number of at least 1\nWORD is \"x\", not a number of at least 1\nMISSING is not set"
	if err := e.Err(); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

// Stand-ins have no host name for each bucket.
func TestS3ByPath(t *testing.T) {
	for _, c := range []struct {
		name string
		path bool
	}{{"AWS_ENDPOINT_URL", true}, {"AWS_ENDPOINT_URL_S3", true}, {"AWS_ENDPOINT_URL_SQS", false}} {
		client := stack.S3(aws.Config{}, func(name string) string {
			if name == c.name {
				return "http://127.0.0.1:1"
			}
			return ""
		})
		if client.Options().UsePathStyle != c.path {
			t.Errorf("%s: %v", c.name, client.Options().UsePathStyle)
		}
	}
}
