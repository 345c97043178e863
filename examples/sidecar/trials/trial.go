package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

func main() {
	var passwords []string
	if err := json.NewDecoder(os.Stdin).Decode(&passwords); err != nil {
		panic(err)
	}
	sidecar := NewSidecar(os.Getenv("SIDECAR"), os.Getenv("ON_ERROR"))
	for _, password := range passwords {
		verdict, err := sidecar.Verdict(map[string]string{"event": "sign_up", "password": password, "lang": "ja"})
		switch {
		case errors.Is(err, ErrUnavailable):
			fmt.Println("error")
		case err != nil:
			panic(err)
		case verdict.Accepted:
			fmt.Println("accepted")
		default:
			fmt.Println("refused:", strings.Join(verdict.Messages, " "))
		}
	}
	advice, err := sidecar.Attempt(map[string]string{
		"source": "203.0.113.7", "account": "hanako", "outcome": "failed", "password": "iloveyou",
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(advice)
}
