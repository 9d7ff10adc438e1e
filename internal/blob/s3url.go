package blob

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"linecard/internal/errs"
)

var errCredentials = errs.New(errs.Invalid, "storage_credentials_missing",
	"S3 storage needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the same names with _FILE that point to files.")

// tries is how often a request that may be repeated is sent before the storage counts as away, over about a second.
const tries = 3

// openS3 reads s3://bucket?endpoint=…&region=…&prefix=…. Without an endpoint it is Amazon's of the region.
func openS3(u *url.URL) (Store, error) {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil || u.User != nil || (u.Path != "" && u.Path != "/") || s3utils.CheckValidBucketNameStrict(u.Host) != nil {
		return nil, errURL
	}
	s := &s3{bucket: u.Host}
	o := &minio.Options{Secure: true, Region: "us-east-1", MaxRetries: tries}
	host := "s3.amazonaws.com"
	for name, values := range q {
		value := values[0]
		switch {
		case len(values) > 1:
			return nil, errURL.Because(fmt.Errorf("%s is given twice", name))
		case name == "region" && value != "":
			o.Region = value
		case name == "endpoint":
			if host, o.Secure, err = endpoint(value); err != nil {
				return nil, err
			}
		case name == "prefix" && checkKey(strings.Trim(value, "/")) == nil:
			s.prefix = strings.Trim(value, "/") + "/"
		default:
			return nil, errURL.Because(fmt.Errorf("%s is unknown or has no valid value", name))
		}
	}
	if o.Creds, err = environmentCredentials(); err != nil {
		return nil, err
	}
	api, err := minio.NewCore(host, o)
	if err != nil {
		return nil, errURL.Because(err)
	}
	s.api = *api
	return s, nil
}

func endpoint(raw string) (host string, secure bool, err error) {
	e, err := url.Parse(raw)
	if err != nil || e.Host == "" || e.User != nil || e.RawQuery != "" || strings.Trim(e.Path, "/") != "" || (e.Scheme != "http" && e.Scheme != "https") {
		return "", false, errURL
	}
	return e.Host, e.Scheme == "https", nil
}

func environmentCredentials() (*credentials.Credentials, error) {
	var value [3]string
	for i, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		var err error
		if value[i], err = environment(name); err != nil {
			return nil, errCredentials.Because(err)
		}
	}
	if value[0] == "" || value[1] == "" {
		return nil, errCredentials
	}
	return credentials.NewStaticV4(value[0], value[1], value[2]), nil
}

// environment gives the value of a variable, or the content of the file that its twin with _FILE names; empty when neither is set.
func environment(name string) (string, error) {
	if v := os.Getenv(name); v != "" {
		return v, nil
	}
	file := os.Getenv(name + "_FILE")
	if file == "" {
		return "", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return strings.TrimSpace(string(b)), err
}
