package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/rest"
)

// needMore are the exchanges that need what is not there yet, and what that is.
var needMore = map[string]string{}

// configurations are those that the exchanges were recorded in, with the tokens that make them here.
var configurations = map[string]struct{ user, admin string }{
	"default":  {"", ""},
	"token":    {"user-tok", "admin-tok"},
	"nonadmin": {"", "admin-tok"},
	"nouser":   {"user-tok", "admin-tok"},
}

// A golden is an exchange that was recorded with a real Openscoring server.
type golden struct {
	Name   string
	Server string
	Setup  []struct{ ID, File string }
	Pre    []struct {
		Method, Path string
		Headers      map[string]string
		Body         *string
	}
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         *string
		BodyBase64   *string `json:"body_base64"`
		BodyFile     *string `json:"body_file"`
		AbsolutePath bool    `json:"absolute_path"`
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    string
		JSON    any
	}
	Compare struct {
		Mode, Message string
		RecordMessage string `json:"record_message"`
		Headers       []string
		Volatile      []string
	}
}

// TestGoldens replays the recorded exchanges of a real Openscoring server.
func TestGoldens(t *testing.T) {
	folder := goldensFolder(t)
	files, err := filepath.Glob(filepath.Join(folder, "must", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no exchanges in %s: %v", folder, err)
	}
	skipped := 0
	for _, file := range files {
		g := readGolden(t, file)
		if g.Server == "validate" {
			continue // TestStrictGoldens has it
		}
		if why := needMore[g.Name]; why != "" {
			t.Logf("%s needs a %s", g.Name, why)
			skipped++
			continue
		}
		t.Run(g.Name, func(t *testing.T) { replay(t, folder, g) })
	}
	t.Logf("%d exchanges replayed, %d left for later", len(files)-skipped, skipped)
}

func goldensFolder(t *testing.T) string {
	shared := os.Getenv("HANDOFF_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	folder := filepath.Join(shared, "openscoring", "goldens")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("the recorded exchanges are not here: %v", err)
	}
	return folder
}

func readGolden(t *testing.T, file string) *golden {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return &g
}

func replay(t *testing.T, folder string, g *golden) {
	tokens, known := configurations[g.Server]
	if !known {
		t.Fatalf("unknown configuration %s", g.Server)
	}
	roles := rest.Tokens(tokens.user, tokens.admin)
	admin := true // while the models are set up
	server := newServer(t, func(c *rest.Config) {
		c.Roles = func(r *http.Request) rest.Role {
			if admin {
				return rest.Admin
			}
			return roles(r)
		}
	})
	base := server.URL + "/openscoring"
	for _, s := range g.Setup {
		file := filepath.Join(folder, s.File)
		exchange(t, "PUT", base+"/model/"+s.ID, map[string]string{"Content-Type": "application/xml"}, fileText(t, file))
	}
	for _, p := range g.Pre {
		exchange(t, p.Method, base+p.Path, p.Headers, p.Body)
	}
	admin = false
	q := g.Request
	if q.AbsolutePath {
		base = server.URL
	}
	got := exchange(t, q.Method, base+q.Path, q.Headers, goldenBody(t, folder, g))
	compare(t, g, got)
}

func fileText(t *testing.T, file string) *string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	return &text
}

func goldenBody(t *testing.T, folder string, g *golden) *string {
	switch q := g.Request; {
	case q.BodyFile != nil:
		return fileText(t, filepath.Join(folder, *q.BodyFile))
	case q.BodyBase64 != nil:
		data, err := base64.StdEncoding.DecodeString(*q.BodyBase64)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		return &text
	}
	return g.Request.Body
}

// exchange sends a request with these headers and no others.
func exchange(t *testing.T, method, address string, headers map[string]string, body *string) reply {
	t.Helper()
	var content io.Reader
	if body != nil {
		content = strings.NewReader(*body)
	}
	req, err := http.NewRequest(method, address, content)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return read(t, resp)
}

func compare(t *testing.T, g *golden, got reply) {
	if got.status != g.Response.Status {
		t.Fatalf("%d %s\nwant %d %s", got.status, got.body, g.Response.Status, g.Response.Body)
	}
	for _, name := range g.Compare.Headers {
		if !sameHeader(name, got.header.Get(name), g.Response.Headers[name]) {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), g.Response.Headers[name])
		}
	}
	if g.Response.Headers["X-Application"] != "" && !strings.HasPrefix(got.header.Get("X-Application"), "Openscoring/2.") {
		t.Errorf("X-Application: %q", got.header.Get("X-Application"))
	}
	switch g.Compare.Mode {
	case "json":
		compareJSON(t, g, got.body)
	case "text":
		want := g.Response.Body
		if strings.Contains(g.Response.Headers["Content-Type"], "8859-1") {
			want = latin1(want)
		}
		if got.body != want {
			t.Errorf("%q\nwant %q", got.body, want)
		}
	case "xml":
		if a, b := elements(t, got.body), elements(t, g.Response.Body); !slices.Equal(a, b) {
			t.Errorf("%v\nwant %v", a, b)
		}
	case "empty":
		if got.body != "" {
			t.Errorf("body %q", got.body)
		}
	}
}

func latin1(text string) string {
	var b []byte
	for _, r := range text {
		b = append(b, byte(r))
	}
	return string(b)
}

func sameHeader(name, got, want string) bool {
	switch name {
	case "Location":
		at, err := url.Parse(got)
		return err == nil && got != "" && strings.HasSuffix(at.Path, "/model"+want[strings.LastIndex(want, "/"):])
	case "Content-Type":
		return slices.Equal(mediaParts(got), mediaParts(want))
	case "Allow":
		return slices.Equal(methods(got), methods(want))
	}
	return got == want
}

func mediaParts(contentType string) []string {
	var parts []string
	for part := range strings.SplitSeq(strings.ToLower(contentType), ";") {
		parts = append(parts, strings.TrimSpace(part))
	}
	sort.Strings(parts)
	return parts
}

func methods(allow string) []string {
	var all []string
	for method := range strings.SplitSeq(allow, ",") {
		if method = strings.TrimSpace(method); method != "HEAD" && method != "OPTIONS" {
			all = append(all, method)
		}
	}
	sort.Strings(all)
	return all
}

func compareJSON(t *testing.T, g *golden, body string) {
	var got any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	want := g.Response.JSON
	if mine, ok := got.(map[string]any); ok {
		forgiveMessage(mine, want, g.Compare.Message)
	}
	if g.Compare.RecordMessage != "" {
		forgiveRecords(got, want, g.Compare.RecordMessage)
	}
	for _, pointer := range g.Compare.Volatile {
		forget(got, pointer)
		forget(want, pointer)
	}
	if !sameJSON(got, want) {
		t.Errorf("%s\nwant %s", body, g.Response.Body)
	}
	if a, b := resultNames(t, body), resultNames(t, g.Response.Body); !slices.Equal(a, b) {
		t.Errorf("order of results %v, want %v", a, b)
	}
}

// forgiveMessage takes a message for the recorded one where only its end, or its being there, counts.
func forgiveMessage(got map[string]any, want any, how string) {
	recorded, _ := want.(map[string]any)
	message, _ := got["message"].(string)
	wanted, _ := recorded["message"].(string)
	if how == "nonempty" && message != "" || how == "suffix" && strings.HasSuffix(message, wanted) {
		got["message"] = recorded["message"]
	}
}

func forgiveRecords(got, want any, how string) {
	a, _ := got.(map[string]any)["responses"].([]any)
	b, _ := want.(map[string]any)["responses"].([]any)
	for i := range min(len(a), len(b)) {
		mine, _ := a[i].(map[string]any)
		recorded, _ := b[i].(map[string]any)
		message, _ := mine["message"].(string)
		wanted, _ := recorded["message"].(string)
		_, wanted, _ = strings.Cut(wanted, ": ") // behind the name of a Java class
		if message != "" && (how == "nonempty" || strings.HasSuffix(message, wanted)) {
			mine["message"] = recorded["message"]
		}
	}
}

// forget makes a text at a JSON pointer equal to every other.
func forget(in any, pointer string) {
	steps := strings.Split(pointer, "/")[1:]
	for i, step := range steps {
		switch v := in.(type) {
		case map[string]any:
			if i == len(steps)-1 {
				if _, ok := v[step].(string); ok {
					v[step] = "volatile"
				}
				return
			}
			in = v[step]
		case []any:
			var n int
			if _, err := fmt.Sscan(step, &n); err != nil || n >= len(v) {
				return
			}
			in = v[n]
		}
	}
}

func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (a == b || math.Abs(a-b) <= max(1e-13*max(math.Abs(a), math.Abs(b)), 1e-300))
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameJSON)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, value := range a {
			other, found := b[name]
			if !found || !sameJSON(value, other) {
				return false
			}
		}
		return true
	}
	return a == b
}

// resultNames gives the members of all "results" in their order.
func resultNames(t *testing.T, body string) []string {
	t.Helper()
	var names []string
	decoder := json.NewDecoder(strings.NewReader(body))
	var walk func(path string)
	walk = func(path string) {
		token, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'):
			for decoder.More() {
				name, err := decoder.Token()
				if err != nil {
					t.Fatal(err)
				}
				if path == "results" {
					names = append(names, name.(string))
				}
				walk(name.(string))
			}
		case json.Delim('['):
			for decoder.More() {
				walk("")
			}
		default:
			return
		}
		if _, err := decoder.Token(); err != nil {
			t.Fatal(err)
		}
	}
	walk("")
	return names
}

// elements gives the start tags of a document, without namespaces and the version.
func elements(t *testing.T, text string) []string {
	t.Helper()
	var all []string
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		var attributes []string
		for _, a := range start.Attr {
			if n := a.Name; n.Space != "xmlns" && n.Local != "xmlns" && n.Local != "version" && n.Local != "x-baseVersion" {
				attributes = append(attributes, n.Local+"="+a.Value)
			}
		}
		sort.Strings(attributes)
		all = append(all, start.Name.Local+" "+strings.Join(attributes, " "))
	}
}
