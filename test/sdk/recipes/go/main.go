package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Around the recipe: lines of JSON in, one line of 0 and 1 out.
func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var webhook struct {
			Body   []byte `json:"body"`
			Header string `json:"header"`
			Secret string `json:"secret"`
		}
		if err := json.Unmarshal(lines.Bytes(), &webhook); err != nil {
			panic(err)
		}
		if VerifyMeetbotWebhook(webhook.Body, webhook.Header, webhook.Secret) {
			fmt.Print("1")
		} else {
			fmt.Print("0")
		}
	}
}
