// Posts admission reviews with Go's net/http, as an API server posts them: over HTTP/1.1, on connections that it keeps,
// without retries. It reads a job as JSON from standard input, and prints what became of each kind of review.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

type job struct {
	URL string `json:"url"`
	// The certificate of the server's CA, in PEM.
	CA string `json:"ca"`
	// Each group has a client of its own, as each API server has.
	Groups []group `json:"groups"`
}

type group struct {
	Name    string `json:"name"`
	Workers int    `json:"workers"`
	// How many requests all workers of the group send together.
	Requests int64 `json:"requests"`
	// Whether each worker goes on until standard input ends, and sends one more request then.
	UntilEnd bool `json:"untilEnd"`
	// How long each worker waits between two requests.
	PauseMs int `json:"pauseMs"`
	// The reviews, sent in turns.
	Bodies []string `json:"bodies"`
}

type result struct {
	Name   string `json:"name"`
	Passed int64  `json:"passed"`
	// The size of the largest answer, in bytes.
	LargestBytes int64 `json:"largestBytes"`
	// How many connections carried them.
	Connections int64 `json:"connections"`
	// How many requests failed, by the error or by what the answer lacks.
	Failures map[string]int64 `json:"failures"`
}

func main() {
	var work job
	if err := json.NewDecoder(os.Stdin).Decode(&work); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	results := make([]result, len(work.Groups))
	var all sync.WaitGroup
	for i, one := range work.Groups {
		all.Add(1)
		go func() {
			defer all.Done()
			results[i] = post(work, one, ended)
		}()
	}
	all.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		os.Exit(1)
	}
}

func post(work job, one group, ended <-chan struct{}) result {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(work.CA))
	// The pool of client-go has 25 connections for each host.
	client := &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, ServerName: "localhost"},
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxIdleConnsPerHost: 25,
	}}
	out := result{Name: one.Name, Failures: map[string]int64{}}
	var sent atomic.Int64
	var lock sync.Mutex
	var workers sync.WaitGroup
	for range one.Workers {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for isLast := false; !isLast; {
				n := sent.Add(1) - 1
				if n >= one.Requests && !one.UntilEnd {
					return
				}
				isLast = n >= one.Requests && isClosed(ended)
				size, isNew, problem := ask(client, work.URL, one.Bodies[n%int64(len(one.Bodies))])
				lock.Lock()
				if isNew {
					out.Connections++
				}
				if problem == "" {
					out.Passed++
				} else {
					out.Failures[problem]++
				}
				out.LargestBytes = max(out.LargestBytes, size)
				lock.Unlock()
				pause := time.Duration(one.PauseMs) * time.Millisecond
				if !one.UntilEnd {
					time.Sleep(pause)
					continue
				}
				select {
				case <-time.After(pause):
				case <-ended:
				}
			}
		}()
	}
	workers.Wait()
	return out
}

func isClosed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

// Sends one review, reads the whole answer, and says how large it is, whether it is the first one of its connection, and
// what is wrong with it. Every review asks for a patch.
func ask(client *http.Client, url string, body string) (size int64, isNew bool, problem string) {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, false, lastError(err)
	}
	request.Header.Set("Content-Type", "application/json")
	trace := &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) { isNew = !got.Reused }}
	answer, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		return 0, isNew, lastError(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return 0, isNew, lastError(err)
	case answer.StatusCode != http.StatusOK:
		return 0, isNew, fmt.Sprintf("status %d: %.200s", answer.StatusCode, text)
	case !bytes.Contains(text, []byte(`"patch":"`)):
		return 0, isNew, fmt.Sprintf("no patch: %.200s", text)
	}
	return int64(len(text)), isNew, ""
}

// Without addresses and ports, so that equal errors count as one.
func lastError(err error) string {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || inner.Unwrap() == nil {
			return err.Error()
		}
		err = inner.Unwrap()
	}
}
