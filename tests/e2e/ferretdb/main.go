// Command ferretdb is the tests' stand-in for a MongoDB server: FerretDB 1.x, embedded. It prints its address once it
// listens. Built by tools/install-deps.sh test.
//
//	ferretdb FOLDER [ADDRESS [CERTIFICATE KEY]]      data in files of FOLDER
//	ferretdb postgresql://... [ADDRESS]              data in a PostgreSQL database
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func config(arguments []string) *ferretdb.Config {
	where, address := arguments[0], "127.0.0.1:0"
	if len(arguments) > 1 {
		address = arguments[1]
	}
	config := &ferretdb.Config{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	if strings.HasPrefix(where, "postgres") {
		config.Handler, config.PostgreSQLURL = "postgresql", where
	} else {
		config.Handler, config.SQLiteURL = "sqlite", "file:"+where+"/"
	}
	if len(arguments) > 3 {
		config.Listener.TLS = address
		config.Listener.TLSCertFile, config.Listener.TLSKeyFile = arguments[2], arguments[3]
	} else {
		config.Listener.TCP = address
	}
	return config
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: ferretdb FOLDER|postgresql://... [ADDRESS [CERTIFICATE KEY]]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := ferretdb.New(config(os.Args[1:]))
	if err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
	go func() { fmt.Println("listening", server.MongoDBURI()) }()
	if err = server.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}
