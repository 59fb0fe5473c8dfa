#!/bin/sh
echo {{ .cfg.name }}
