// Package main asks breachdex sidecar.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// ErrUnavailable says that the sidecar does not answer, and OnError is "raise".
var ErrUnavailable = errors.New("the sidecar does not answer")

// Sidecar is a client. OnError says what happens if the sidecar does not answer: "accept", "reject" or "raise".
type Sidecar struct {
	OnError string
	base    string
	client  http.Client
}

// Verdict says what becomes of a password.
type Verdict struct {
	Accepted bool
	Messages []string
}

// NewSidecar takes unix:/run/breachdex/sidecar.sock or http://127.0.0.1:8070.
func NewSidecar(address, onError string) *Sidecar {
	transport := &http.Transport{}
	if strings.HasPrefix(address, "unix:") {
		path := address[len("unix:"):]
		address = "http://localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
	}
	return &Sidecar{OnError: onError, base: address, client: http.Client{Timeout: 2 * time.Second, Transport: transport}}
}

// Verdict asks whether a password may be used: asked has event and password, and may have user_name, email and lang.
func (s *Sidecar) Verdict(asked map[string]string) (verdict Verdict, err error) {
	err = s.post("/v1/verdict", asked, &verdict)
	if !errors.Is(err, ErrUnavailable) || s.OnError == "raise" {
		return verdict, err
	} else if s.OnError == "accept" {
		return Verdict{Accepted: true}, nil
	}
	return Verdict{Messages: []string{"The password cannot be checked now. Please try again later."}}, nil
}

// Attempt tells the radar of a log-in attempt. It returns "allow", "delay", "challenge" or "deny".
func (s *Sidecar) Attempt(attempt map[string]string) (string, error) {
	var answer struct{ Radar struct{ Advice string } }
	err := s.post("/v1/attempt", attempt, &answer)
	if errors.Is(err, ErrUnavailable) {
		return "allow", nil // Nobody is locked out because the radar does not answer.
	}
	return answer.Radar.Advice, err
}

func (s *Sidecar) post(path string, asked map[string]string, answer any) error {
	body, _ := json.Marshal(asked) // Strings always have a JSON.
	response, err := s.client.Post(s.base+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 500 {
		return fmt.Errorf("%w: status %d", ErrUnavailable, response.StatusCode)
	} else if response.StatusCode != 200 { // A fault of this program, whatever OnError says.
		return fmt.Errorf("the sidecar refused the request: status %d", response.StatusCode)
	}
	return json.NewDecoder(response.Body).Decode(answer)
}
