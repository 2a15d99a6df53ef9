// A program for pods of the cluster's tests: `echo serve` answers every request with its host's name on port 8080;
// `echo get URL` asks until an answer comes, prints it and ends. Variables in the URL are filled in, and https means the
// API server, asked with the pod's own token.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const credentials = "/var/run/secrets/kubernetes.io/serviceaccount/"

func get(url string) error {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 5 * time.Second}
	if strings.HasPrefix(url, "https:") {
		authority, err := os.ReadFile(credentials + "ca.crt")
		if err != nil {
			return err
		}
		token, err := os.ReadFile(credentials + "token")
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(authority)
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
		request.Header.Set("Authorization", "Bearer "+string(token))
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Printf("%d %s\n", answer.StatusCode, body)
	return err
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "get" {
		for attempt := 0; attempt < 30; attempt++ {
			err := get(os.ExpandEnv(os.Args[2]))
			if err == nil {
				return
			}
			fmt.Fprintln(os.Stderr, err)
			time.Sleep(time.Second)
		}
		os.Exit(1)
	}
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		name, _ := os.Hostname()
		fmt.Fprint(answer, name)
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(":8080", nil))
	os.Exit(1)
}
