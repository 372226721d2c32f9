"""Pages of those who pay out: conversion runs, top-ups, cards, liability."""
