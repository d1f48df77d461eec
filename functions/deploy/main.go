// Command deploy is the function that makes models of what is uploaded.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() {
	lambda.Start(func() {})
}
