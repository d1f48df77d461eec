package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The roles, ascending.
const (
	nobody = iota
	user
	admin
)

var roles = []struct{ name, token string }{nobody: {"nobody", ""}, user: {"user", userTokens[0]}, admin: {"admin", adminTokens[0]}}

// An exchange is a request that a role may make, and what comes of it. Lesser roles are refused.
type exchange struct {
	method, path string
	role         int
	body         []byte
	media        string // Content-Type
	header       [2]string
	want         int
	says         string // that the answer's body must contain
	check        func([]byte) error
}

// A caller speaks to functions/api.
type caller struct {
	base       string
	deployment string // the id of the last one
}

// exchanges sends one request for each route and role of functions/api, which the SAM CLI serves at base. poll must run.
func exchanges(ctx context.Context, base, samples string) error {
	folder := filepath.Join(samples, model)
	document, err := os.ReadFile(filepath.Join(folder, "model.pmml"))
	if err != nil {
		return err
	}
	rows, err := readRows(folder)
	if err != nil {
		return err
	}
	c := &caller{base: strings.TrimSuffix(base, "/")}
	all, err := c.table(string(document), rows)
	if err != nil {
		return err
	}
	var failed []error
	begun := time.Now()
	for _, x := range all {
		if err := c.play(ctx, x); err != nil {
			fmt.Println("FAIL", err)
			failed = append(failed, err)
		}
	}
	fmt.Printf("%d exchanges in %.0f s, %d failed\n", len(all), time.Since(begun).Seconds(), len(failed))
	return errors.Join(failed...)
}

const (
	jsonMedia  = "application/json"
	xmlMedia   = "application/xml"
	tableMedia = "text/csv"
)

func (c *caller) table(document string, rows rows) ([]exchange, error) {
	form, media, err := formOf("http", document)
	if err != nil {
		return nil, err
	}
	first, second := []byte(document), []byte(strings.Replace(document, "<Header>", `<Header description="another one">`, 1))
	record := []byte(`{"id":"one","arguments":{"sepal_length":5.1,"petal_length":1.4,"petal_width":0.2}}`)
	csv := []byte("sepal_length,petal_length,petal_width\n5.1,1.4,0.2\n")
	return []exchange{
		{method: "GET", path: "/healthz", want: 200},
		{method: "GET", path: "/readyz", want: 200},
		{method: "GET", path: "/nosuch", want: 404},
		{method: "GET", path: "/model", role: user, want: 200},
		{method: "HEAD", path: "/model", role: user, want: 200},
		{method: "GET", path: "/model/http", role: user, want: 404},
		{method: "POST", path: "/model/http", role: user, body: record, media: jsonMedia, want: 404},
		{method: "PUT", path: "/model/http", role: admin, body: first, media: xmlMedia, want: 201, says: `"id":"http"`},
		{method: "GET", path: "/model", role: user, want: 200, says: `"id":"http"`},
		{method: "GET", path: "/model/http", role: user, want: 200, says: `"petal_width"`},
		{method: "GET", path: "/openscoring/model/http", role: user, want: 200, says: `"petal_width"`},
		{method: "POST", path: "/model/http", role: user, body: record, media: jsonMedia, want: 200, says: `"species":"setosa"`},
		{method: "POST", path: "/model/http/batch", role: user, body: rows.body, media: jsonMedia, want: 200, check: rows.compare},
		{method: "POST", path: "/model/http/csv?delimiterChar=,", role: user, body: csv, media: tableMedia, want: 200, says: "setosa"},
		{method: "POST", path: "/openscoring/model/http", role: user, body: record, media: jsonMedia, want: 200, says: `"species":"setosa"`},
		{method: "GET", path: "/model/http/pmml", role: admin, want: 200, says: "TreeModel"},
		{method: "PUT", path: "/model/http", role: admin, body: []byte("<PMML"), media: xmlMedia, want: 400, says: `"message"`},
		{method: "POST", path: "/model/http/report", role: admin, body: second, media: xmlMedia, want: 200},
		{method: "PUT", path: "/model/http", role: admin, body: second, media: xmlMedia, want: 200, says: `"id":"http"`},
		{method: "GET", path: "/model/http/versions", role: user, want: 200, says: `"version":2`},
		{method: "GET", path: "/model/http/report", role: user, want: 200},
		{method: "POST", path: "/model/http/rollback", role: admin, body: []byte(`{}`), media: jsonMedia, want: 200},
		{method: "GET", path: "/model/http/deployments", role: user, want: 200, says: `"ROLLBACK"`, check: c.remember},
		{method: "GET", path: "/model/http/deployments/{deployment}", role: user, want: 200, says: `"steps"`},
		{method: "GET", path: "/deployments", role: user, want: 200, says: `"http"`},
		{method: "GET", path: "/model/http/audit", role: admin, want: 200, says: `"ROLLBACK"`},
		{method: "POST", path: "/model/http/upload", role: admin, body: []byte(`{"file":"golden.csv"}`), media: jsonMedia, want: 200, says: `"url"`},
		{method: "POST", path: "/model/http", role: admin, header: [2]string{"X-HTTP-Method-Override", "DELETE"}, want: 200},
		{method: "GET", path: "/model/http", role: user, want: 404},
		{method: "POST", path: "/model", role: admin, body: form, media: media, want: 201, says: `"id":"http"`},
		{method: "DELETE", path: "/model/http", role: admin, want: 200},
		{method: "DELETE", path: "/model/http", role: admin, want: 404},
	}, nil
}

// formOf gives a model as a browser sends it.
func formOf(id, document string) ([]byte, string, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	err := w.WriteField("id", id)
	file, fileErr := w.CreateFormFile("pmml", "model.pmml")
	if err = errors.Join(err, fileErr); err != nil {
		return nil, "", err
	}
	_, err = io.WriteString(file, document)
	err = errors.Join(err, w.Close())
	return body.Bytes(), w.FormDataContentType(), err
}

// remember takes the id of the newest deployment out of a list.
func (c *caller) remember(body []byte) error {
	var list struct {
		Deployments []struct {
			ID string `json:"id"`
		} `json:"deployments"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return err
	}
	if len(list.Deployments) == 0 || list.Deployments[0].ID == "" {
		return errors.New("a list without deployments")
	}
	c.deployment = list.Deployments[0].ID
	return nil
}

// play has all roles that may not make a request try it, and then the one that may.
func (c *caller) play(ctx context.Context, x exchange) error {
	for role := range x.role {
		if _, err := c.send(ctx, x, role, http.StatusForbidden); err != nil {
			return err
		}
	}
	body, err := c.send(ctx, x, x.role, x.want)
	if err != nil {
		return err
	}
	if x.says != "" && !strings.Contains(string(body), x.says) {
		err = fmt.Errorf("%s %s does not say %s: %.300s", x.method, x.path, x.says, body)
	}
	if err == nil && x.check != nil {
		err = x.check(body)
	}
	return err
}

func (c *caller) send(ctx context.Context, x exchange, role, want int) ([]byte, error) {
	path := strings.Replace(x.path, "{deployment}", c.deployment, 1)
	request, err := http.NewRequestWithContext(ctx, x.method, c.base+path, bytes.NewReader(x.body))
	if err != nil {
		return nil, err
	}
	if x.media != "" {
		request.Header.Set("Content-Type", x.media)
	}
	if x.header[0] != "" {
		request.Header.Set(x.header[0], x.header[1])
	}
	if token := roles[role].token; token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%s: %s %s gives %d, want %d: %.300s", roles[role].name, x.method, x.path, response.StatusCode, want, body)
	}
	return body, err
}
