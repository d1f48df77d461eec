package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
)

// A container says where a model's package is started by itself, because the stand-in starts one for each call.
type container struct{ image, network string }

// warmCalls is how many calls the time of a warm one is the median of.
const warmCalls = 101

// start runs the package of version 1 under Lambda's runtime interface emulator, which keeps it.
func (t *tale) start(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "handoff-e2e")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := t.unpack(ctx, folder); err != nil {
		return err
	}
	variables, err := t.variables(ctx)
	if err != nil {
		return err
	}
	url, stop, err := t.alone.run(ctx, folder, variables)
	if err != nil {
		return err
	}
	defer stop()
	return t.callAlone(ctx, url)
}

func (t *tale) callAlone(ctx context.Context, url string) error {
	var times []time.Duration
	for i := range 1 + warmCalls {
		begun := time.Now()
		body, err := post(ctx, url, t.rows.body)
		if err != nil {
			return err
		}
		times = append(times, time.Since(begun))
		if i == 0 || i == warmCalls {
			if err := t.rows.compare(body); err != nil {
				return err
			}
		}
	}
	warm := times[1:]
	slices.Sort(warm)
	t.times = append(t.times, fmt.Sprintf("%-28s %7.2f s  (the bootstrap starts within; %d records)", "cold call", times[0].Seconds(), len(t.rows.input)-1))
	t.times = append(t.times, fmt.Sprintf("%-28s %7.2f ms (median of %d)", "warm call", warm[len(warm)/2].Seconds()*1000, warmCalls))
	return nil
}

// unpack gets the package that the model's function was made of.
func (t *tale) unpack(ctx context.Context, folder string) error {
	out, err := t.s3.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(artifacts), Key: aws.String("versions/" + model + "/000001/package.zip"),
	})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err != nil {
		return err
	}
	files, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return err
	}
	for _, f := range files.File {
		if err := extract(f, filepath.Join(folder, filepath.Base(f.Name))); err != nil {
			return err
		}
	}
	return nil
}

func extract(f *zip.File, name string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, f.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// variables gives the environment of the live version.
func (t *tale) variables(ctx context.Context) ([]string, error) {
	out, err := t.lambda.GetFunctionConfiguration(ctx, &lambdasdk.GetFunctionConfigurationInput{
		FunctionName: aws.String(lambda.FunctionName(stage, model)), Qualifier: aws.String(lambda.Alias),
	})
	if err != nil {
		return nil, err
	}
	set := []string{fmt.Sprintf("AWS_LAMBDA_FUNCTION_MEMORY_SIZE=%d", aws.ToInt32(out.MemorySize))}
	if out.Environment != nil {
		for name, value := range out.Environment.Variables {
			set = append(set, name+"="+value)
		}
	}
	return set, nil
}

// run starts the bootstrap in a folder, and gives the address at which it is invoked, on loopback.
func (c container) run(ctx context.Context, folder string, variables []string) (url string, stop func(), err error) {
	args := []string{"run", "-d", "--network", c.network, "-p", "127.0.0.1::8080", "-v", folder + ":/var/task:ro"}
	for _, v := range variables {
		args = append(args, "-e", v)
	}
	id, err := docker(ctx, append(args, c.image, "bootstrap")...)
	if err != nil {
		return "", nil, err
	}
	stop = func() { _, _ = docker(context.WithoutCancel(ctx), "rm", "-f", id) }
	port, err := docker(ctx, "port", id, "8080/tcp")
	if err == nil {
		err = listens(ctx, port)
	}
	if err != nil {
		stop()
		return "", nil, err
	}
	return "http://" + port + "/2015-03-31/functions/function/invocations", stop, nil
}

// listens waits until the emulator has its port. Docker's own proxy accepts before it, and closes then.
func listens(ctx context.Context, address string) error {
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.SetReadDeadline(time.Now().Add(glance))
			_, err = conn.Read(make([]byte, 1))
			_ = conn.Close()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", address, ctx.Err())
		case <-time.After(glance / 10):
		}
	}
}

func docker(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	var told bytes.Buffer
	cmd.Stderr = &told
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, &told)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first, nil
}

// post has the emulator invoke the function directly, with one of Openscoring's bodies.
func post(ctx context.Context, url string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || !json.Valid(answer)) {
		err = fmt.Errorf("%s: %s", response.Status, answer)
	}
	return answer, err
}
