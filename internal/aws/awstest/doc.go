// Package awstest has those parts of AWS in memory that tests need and that no stand-in has as AWS describes them.
package awstest
